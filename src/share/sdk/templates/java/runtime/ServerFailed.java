package sdk_runtime;

import java.net.http.HttpHeaders;

/** 500 or above. */
public final class ServerFailed extends ApiError {
    private static final long serialVersionUID = 1L;

    ServerFailed(int status, HttpHeaders headers, Object data) {
        super(status, headers, data);
    }
}
