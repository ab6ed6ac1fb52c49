package sdk_runtime;

import java.net.http.HttpHeaders;

/** 400, 413, 415 or 422: the request is not valid. */
public final class BadRequest extends ApiError {
    private static final long serialVersionUID = 1L;

    BadRequest(int status, HttpHeaders headers, Object data) {
        super(status, headers, data);
    }
}
