package sdk_runtime;

import java.net.http.HttpHeaders;

/** 403: the caller may not do this. */
public final class NotPermitted extends ApiError {
    private static final long serialVersionUID = 1L;

    NotPermitted(int status, HttpHeaders headers, Object data) {
        super(status, headers, data);
    }
}
