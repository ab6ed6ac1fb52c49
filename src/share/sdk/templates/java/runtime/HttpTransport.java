package sdk_runtime;

import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/** Sends requests by {@link HttpClient}, which keeps connections open. */
public final class HttpTransport implements Transport {
    private static final String RESTRICTED = "jdk.httpclient.allowRestrictedHeaders";

    private final HttpClient client;

    /** Sends by a client of its own. */
    public HttpTransport() {
        this(HttpClient.newHttpClient());
    }

    /** Sends by a client, which has settings of TLS and of proxies. */
    public HttpTransport(HttpClient client) {
        this.client = client;
    }

    @Override
    public RawResponse send(Request request) {
        AtomicLong progress = new AtomicLong(System.nanoTime());
        HttpRequest built = build(request, progress);
        CompletableFuture<HttpResponse<InputStream>> pending =
                client.sendAsync(built, ignored -> new TimedBody(request.timeout()));
        try {
            HttpResponse<InputStream> response = await(pending, request.timeout(), progress);
            return new RawResponse(response.statusCode(), response.headers(), response.body());
        } catch (ExecutionException failure) {
            throw failure(failure.getCause());
        } catch (InterruptedException cause) {
            pending.cancel(true);
            Thread.currentThread().interrupt();
            throw new ConnectionFailed("the thread was interrupted", cause);
        }
    }

    /** Waits for the head of the response as long as the body moves, and for the time-out after that. */
    private static HttpResponse<InputStream> await(
            CompletableFuture<HttpResponse<InputStream>> pending, Duration timeout, AtomicLong progress)
            throws ExecutionException, InterruptedException {
        if (timeout == null) {
            return pending.get();
        }
        while (true) {
            long left = progress.get() + timeout.toNanos() - System.nanoTime();
            try {
                return pending.get(Math.max(left, 0), TimeUnit.NANOSECONDS);
            } catch (TimeoutException late) {
                if (progress.get() + timeout.toNanos() - System.nanoTime() <= 0) {
                    pending.cancel(true);
                    throw new TimedOut();
                }
            }
        }
    }

    private static HttpRequest build(Request request, AtomicLong progress) {
        URI uri = URI.create(request.url());
        HttpRequest.Builder builder = HttpRequest.newBuilder();
        // An upgrade to HTTP/2 is offered within TLS alone: servers of HTTP/1.1 may refuse one in a request.
        boolean isSecure = "https".equalsIgnoreCase(uri.getScheme());
        builder.version(isSecure ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1);
        builder.uri(reachable(uri, builder));
        for (Header header : request.headers()) {
            if (!header.value().chars().allMatch(character -> character < 127)) {
                throw new IllegalArgumentException("java.net.http sends headers of ASCII alone: " + header.name());
            }
            builder.header(header.name(), header.value());
        }
        if (request.body() == null && request.method().equals("GET")) {
            // With a publisher, even of nothing, it would have a content length.
            return builder.GET().build();
        }
        return builder.method(request.method(), publisher(request.body(), progress)).build();
    }

    /**
     * Makes a transport for an address. The platform reads the property once, before its first client: without it,
     * names below {@code localhost} are left to its resolver.
     */
    static HttpTransport of(String baseUrl) {
        if (isLocalName(URI.create(baseUrl)) && System.getProperty(RESTRICTED) == null) {
            System.setProperty(RESTRICTED, "host");
        }
        return new HttpTransport();
    }

    /**
     * True for names below {@code localhost}: they mean this machine (RFC 6761), which not every resolver knows. Within TLS
     * the certificate is checked against the host of the address, so that names stay there.
     */
    private static boolean isLocalName(URI uri) {
        boolean isPlain = "http".equalsIgnoreCase(uri.getScheme());
        return isPlain && uri.getHost() != null && uri.getHost().endsWith(".localhost");
    }

    private static URI reachable(URI uri, HttpRequest.Builder builder) {
        if (!isLocalName(uri)) {
            return uri;
        }
        try {
            builder.header("host", uri.getRawAuthority());
        } catch (IllegalArgumentException restricted) {
            return uri;
        }
        return URI.create(uri.toString().replaceFirst("//[^/]*\\.localhost", "//127.0.0.1"));
    }

    private static BodyPublisher publisher(Body body, AtomicLong progress) {
        if (body == null) {
            return BodyPublishers.noBody();
        }
        BodyPublisher publisher = BodyPublishers.ofInputStream(() -> watched(body.open(), progress));
        long length = body.length();
        if (length == 0) {
            return BodyPublishers.noBody();
        }
        return length < 0 ? publisher : BodyPublishers.fromPublisher(publisher, length);
    }

    private static InputStream watched(InputStream content, AtomicLong progress) {
        return new FilterInputStream(content) {
            @Override
            public int read(byte[] bytes, int start, int length) throws IOException {
                progress.set(System.nanoTime());
                return super.read(bytes, start, length);
            }
        };
    }

    private static RuntimeException failure(Throwable cause) {
        if (cause instanceof IOException) {
            Throwable told = cause;
            while (told.getMessage() == null && told.getCause() != null) {
                told = told.getCause();
            }
            String reason = told.getMessage() == null ? told.getClass().getSimpleName() : told.getMessage();
            return new ConnectionFailed("the connection failed: " + reason, cause);
        }
        return cause instanceof RuntimeException known ? known : new ClientError("the request failed", cause);
    }

    /** Closes a response of which nothing is read any more. */
    static void closeQuietly(Closeable raw) {
        try {
            raw.close();
        } catch (IOException ignored) {
            // The connection is gone, which was the aim.
        }
    }
}
