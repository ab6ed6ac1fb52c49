package sdk_runtime;

import java.net.http.HttpHeaders;

/** 409 or 412: it changed meanwhile. */
public final class Conflict extends ApiError {
    private static final long serialVersionUID = 1L;

    Conflict(int status, HttpHeaders headers, Object data) {
        super(status, headers, data);
    }
}
