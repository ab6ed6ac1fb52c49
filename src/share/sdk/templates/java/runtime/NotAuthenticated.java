package sdk_runtime;

import java.net.http.HttpHeaders;

/** 401: no valid credentials. */
public final class NotAuthenticated extends ApiError {
    private static final long serialVersionUID = 1L;

    NotAuthenticated(int status, HttpHeaders headers, Object data) {
        super(status, headers, data);
    }
}
