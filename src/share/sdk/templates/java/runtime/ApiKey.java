package sdk_runtime;

/** A key in a header, a query parameter or a cookie of any name. */
public final class ApiKey implements Auth {
    private final String place;
    private final String name;
    private final String value;

    private ApiKey(String place, String name, String value) {
        this.place = place;
        this.name = name;
        this.value = value;
    }

    /** Shows a key in a header. */
    public static ApiKey inHeader(String name, String value) {
        return new ApiKey("header", name, value);
    }

    /** Shows a key in a query parameter. */
    public static ApiKey inQuery(String name, String value) {
        return new ApiKey("query", name, value);
    }

    /** Shows a key in a cookie. */
    public static ApiKey inCookie(String name, String value) {
        return new ApiKey("cookie", name, value);
    }

    @Override
    public Request apply(Request request) {
        switch (place) {
            case "query":
                String joint = request.url().contains("?") ? "&" : "?";
                String pair = ParameterWriter.encode(name) + "=" + ParameterWriter.encode(value);
                return request.withUrl(request.url() + joint + pair);
            case "cookie":
                String cookie = name + "=" + value;
                if (ParameterWriter.endsCookie(cookie)) {
                    throw new IllegalArgumentException("the cookie " + name + " holds ';' or a control character");
                }
                return request.withHeader(
                        "cookie", request.header("cookie").map(known -> known + "; " + cookie).orElse(cookie));
            default:
                return request.withHeader(name, value);
        }
    }
}
