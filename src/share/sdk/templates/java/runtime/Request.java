package sdk_runtime;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A request as it is sent.
 *
 * @param method the method
 * @param url the whole address
 * @param headers the headers in their order
 * @param body the body; null if there is none
 * @param timeout how long to wait for the server, each time; null is without end
 */
public record Request(String method, String url, List<Header> headers, Body body, Duration timeout) {
    /** Returns the value of a header. */
    public Optional<String> header(String name) {
        return headers.stream().filter(header -> header.name().equalsIgnoreCase(name)).map(Header::value).findFirst();
    }

    /** Sets a header, in place of one of the same name. */
    public Request withHeader(String name, String value) {
        List<Header> others = new ArrayList<>(headers);
        others.removeIf(header -> header.name().equalsIgnoreCase(name));
        others.add(new Header(name, value));
        return new Request(method, url, List.copyOf(others), body, timeout);
    }

    /** Changes the address. */
    public Request withUrl(String newUrl) {
        return new Request(method, newUrl, headers, body, timeout);
    }
}
