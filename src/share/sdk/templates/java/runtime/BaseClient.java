package sdk_runtime;

import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** Sends the requests of a client. */
public abstract class BaseClient {
    private static final Set<Integer> RETRIED = Set.of(429, 503);
    private static final Set<String> IDEMPOTENT =
            Set.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "QUERY");
    private static final long LONGEST_PAUSE_MS = 60_000;

    private final String baseUrl;
    private final List<Auth> auth;
    private final Duration timeout;
    private final int retries;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private final Transport transport;

    /** Makes a client of an address. */
    protected BaseClient(String baseUrl, ClientOptions options, String userAgent) {
        if (!baseUrl.startsWith("http://") && !baseUrl.startsWith("https://")) {
            throw new IllegalArgumentException(baseUrl + " is not an http or https address");
        }
        if (baseUrl.contains("?") || baseUrl.contains("#")) {
            String text = " has a query or a fragment, behind which no path can stand";
            throw new IllegalArgumentException(baseUrl + text);
        }
        this.baseUrl = withoutUsualPort(baseUrl).replaceFirst("/+$", "");
        auth = List.copyOf(options.auth);
        timeout = options.timeout;
        retries = options.retries;
        headers.put("user-agent", userAgent);
        options.headers.forEach(header -> headers.put(header.name().toLowerCase(Locale.ROOT), header.value()));
        transport = options.transport == null ? HttpTransport.of(baseUrl) : options.transport;
    }

    /** Removes a port that the platform leaves out of the header {@code Host}, which is signed. */
    private static String withoutUsualPort(String url) {
        String port = url.startsWith("https:") ? "443" : "80";
        return url.replaceFirst("^(https?://[^/]*[^/:]):" + port + "(?=/|$)", "$1");
    }

    /** Sends a call. */
    final <T> Response<T> send(Call<?, T> call) {
        ParameterWriter.Written written = ParameterWriter.write(call.operation, call.values);
        Body body = call.hasBody ? BodyWriter.write(call.operation, call.body, call.contentType) : null;
        Map<String, String> every = new LinkedHashMap<>(headers);
        every.put("accept", call.accept == null ? call.operation.accept : call.accept);
        written.headers().forEach(header -> every.put(header.name().toLowerCase(Locale.ROOT), header.value()));
        if (body != null) {
            every.put("content-type", body.contentType());
        }
        call.headers.forEach(header -> every.put(header.name().toLowerCase(Locale.ROOT), header.value()));
        List<Header> list = new ArrayList<>();
        every.forEach((name, value) -> list.add(new Header(name, value)));
        String url = baseUrl + written.path() + (written.query().isEmpty() ? "" : "?" + written.query());
        Duration longest = call.hasTimeout ? call.timeout : timeout;
        Request request = new Request(call.operation.method, url, List.copyOf(list), body, longest);
        RawResponse raw = sendWithRetries(request, call.retries == null ? retries : call.retries);
        boolean isError = call.operation.isError(raw.status());
        Object data = ResponseReader.read(raw, isError);
        if (isError) {
            throw ApiError.of(raw.status(), raw.headers(), data);
        }
        return new Response<>(raw.status(), raw.headers(), data, call.result);
    }

    private RawResponse sendWithRetries(Request request, int times) {
        for (int attempt = 0; ; attempt++) {
            RawResponse raw;
            try {
                Request ready = request;
                for (Auth credentials : auth) {
                    ready = credentials.apply(ready);
                }
                raw = transport.send(ready);
            } catch (ConnectionFailed failure) {
                boolean mayRepeat = attempt < times && isRepeatable(request) && !Thread.currentThread().isInterrupted();
                if (!mayRepeat || !IDEMPOTENT.contains(request.method())) {
                    throw failure;
                }
                pause(pauseMs(attempt, null));
                continue;
            }
            if (!RETRIED.contains(raw.status()) || attempt >= times || !isRepeatable(request)) {
                return raw;
            }
            long wait = pauseMs(attempt, raw.headers().firstValue("retry-after").orElse(null));
            // Sooner than the server says is too soon, and a longer wait is the caller's to decide.
            if (wait > LONGEST_PAUSE_MS) {
                return raw;
            }
            HttpTransport.closeQuietly(raw.body());
            pause(wait);
        }
    }

    private static boolean isRepeatable(Request request) {
        return request.body() == null || request.body().isRepeatable();
    }

    private static long pauseMs(int attempt, String retryAfter) {
        long wait = retryAfter == null ? -1 : stated(retryAfter);
        return wait >= 0
                ? wait
                : (long) (ThreadLocalRandom.current().nextDouble(0.5, 1.0) * 500 * Math.pow(2, attempt));
    }

    private static void pause(long wait) {
        try {
            Thread.sleep(wait);
        } catch (InterruptedException cause) {
            Thread.currentThread().interrupt();
            throw new ConnectionFailed("the thread was interrupted", cause);
        }
    }

    /** Returns the milliseconds that a server states in seconds or as a date; below zero if it is neither. */
    private static long stated(String retryAfter) {
        if (retryAfter.matches("[0-9]+")) {
            return retryAfter.length() > 9 ? Long.MAX_VALUE : Long.parseLong(retryAfter) * 1000;
        }
        try {
            ZonedDateTime until = ZonedDateTime.parse(retryAfter, DateTimeFormatter.RFC_1123_DATE_TIME);
            return Math.max(ChronoUnit.MILLIS.between(ZonedDateTime.now(until.getZone()), until), 0);
        } catch (DateTimeParseException other) {
            return -1;
        }
    }
}
