package sdk_runtime;

import java.net.http.HttpHeaders;

/** 404 or 410: there is no such thing. */
public final class NotFound extends ApiError {
    private static final long serialVersionUID = 1L;

    NotFound(int status, HttpHeaders headers, Object data) {
        super(status, headers, data);
    }
}
