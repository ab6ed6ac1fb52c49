package sdk_runtime;

/** Sends requests; the one that is used unless a client is given another is {@link HttpTransport}. */
@FunctionalInterface
public interface Transport {
    /**
     * Sends a request and returns its response, the body of which is read afterwards.
     *
     * @throws ConnectionFailed if there is no response
     */
    RawResponse send(Request request);
}
