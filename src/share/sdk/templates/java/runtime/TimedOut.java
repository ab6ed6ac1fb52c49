package sdk_runtime;

/** The server took too long. */
public final class TimedOut extends ConnectionFailed {
    private static final long serialVersionUID = 1L;

    TimedOut() {
        super("the server did not answer in time", null);
    }
}
