package sdk_runtime;

/** Any error of this client. */
public class ClientError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClientError(String message) {
        super(message);
    }

    ClientError(String message, Throwable cause) {
        super(message, cause);
    }
}
