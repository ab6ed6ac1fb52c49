package sdk_runtime;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** A user name and a password. */
public final class BasicAuth implements Auth {
    private final String value;

    /** Shows a user name and a password. */
    public BasicAuth(String user, String password) {
        byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        value = "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    @Override
    public Request apply(Request request) {
        return request.withHeader("authorization", value);
    }
}
