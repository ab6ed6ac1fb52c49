package sdk_runtime;

import java.util.function.Supplier;

/** A token, or a function that gives one for each request. */
public final class BearerToken implements Auth {
    private final Supplier<String> token;

    /** Shows a token. */
    public BearerToken(String token) {
        this.token = () -> token;
    }

    /** Shows the token that a function gives. */
    public BearerToken(Supplier<String> token) {
        this.token = token;
    }

    @Override
    public Request apply(Request request) {
        return request.withHeader("authorization", "Bearer " + token.get());
    }
}
