package sdk_runtime;

/** Shows who the caller is: changes a request before each time that it is sent. */
@FunctionalInterface
public interface Auth {
    /** Returns the request with credentials. */
    Request apply(Request request);
}
