package sdk_runtime;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Options of a client. */
public final class ClientOptions {
    final List<Auth> auth = new ArrayList<>();
    final List<Header> headers = new ArrayList<>();
    Duration timeout = Duration.ofSeconds(60);
    int retries = 2;
    Transport transport;

    /** Adds credentials. */
    public ClientOptions auth(Auth credentials) {
        auth.add(credentials);
        return this;
    }

    /** Sets how long to wait for the server, each time; null is without end. */
    public ClientOptions timeout(Duration longest) {
        timeout = longest;
        return this;
    }

    /** Sets the times that a request is sent again after 429, 503 or a lost connection. */
    public ClientOptions retries(int times) {
        retries = times;
        return this;
    }

    /** Adds a header to each request. */
    public ClientOptions header(String name, String value) {
        headers.add(new Header(name, value));
        return this;
    }

    /** Sends by another transport. */
    public ClientOptions transport(Transport other) {
        transport = other;
        return this;
    }
}
