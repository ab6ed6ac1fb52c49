package sdk_runtime;

/** The server was not reached, or the connection broke. */
public class ConnectionFailed extends ClientError {
    private static final long serialVersionUID = 1L;

    ConnectionFailed(String message, Throwable cause) {
        super(message, cause);
    }
}
