package sdk_runtime;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs each request with a secret: JDCLOUD3-HMAC-SHA256, which also covers the body. */
public final class Signature implements Auth {
    private static final String SCHEME = "JDCLOUD3-HMAC-SHA256";
    private static final DateTimeFormatter MOMENT =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final String keyId;
    private final String secret;
    private final String region;
    private final String service;

    /** Signs with a secret. */
    public Signature(String keyId, String secret) {
        this(keyId, secret, "local", "apigw");
    }

    /** Signs with a secret, for a region and a service. */
    public Signature(String keyId, String secret, String region, String service) {
        this.keyId = keyId;
        this.secret = secret;
        this.region = region;
        this.service = service;
    }

    @Override
    public Request apply(Request request) {
        return applyAt(request, MOMENT.format(Instant.now()), BodyWriter.nonce());
    }

    /** Signs for a time like {@code 20180405T010203Z} and a nonce. */
    public Request applyAt(Request request, String moment, String nonce) {
        URI url = URI.create(request.url());
        Map<String, String> signed = new TreeMap<>();
        signed.put("host", url.getRawAuthority());
        signed.put("x-jdcloud-date", moment);
        signed.put("x-jdcloud-nonce", nonce);
        request.header("content-type").ifPresent(type -> signed.put("content-type", type.strip()));
        String names = String.join(";", signed.keySet());
        StringBuilder lines = new StringBuilder();
        signed.forEach((name, value) -> lines.append(name).append(':').append(value).append('\n'));
        String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        String query = canonicalQuery(url.getRawQuery() == null ? "" : url.getRawQuery());
        String body = request.body() == null ? hexadecimal(sha256().digest()) : request.body().digest();
        String canonical = String.join("\n", request.method(), path, query, lines, names, body);
        String date = moment.substring(0, 8);
        String scope = String.join("/", date, region, service, "jdcloud3_request");
        String text = String.join("\n", SCHEME, moment, scope, hexadecimal(sha256().digest(utf8(canonical))));
        byte[] key = utf8("JDCLOUD3" + secret);
        for (String part : List.of(date, region, service, "jdcloud3_request")) {
            key = hmac(key, part);
        }
        String value = SCHEME + " Credential=" + keyId + "/" + scope + ", SignedHeaders=" + names + ", Signature="
                + hexadecimal(hmac(key, text));
        return request.withHeader("x-jdcloud-date", moment)
                .withHeader("x-jdcloud-nonce", nonce)
                .withHeader("authorization", value);
    }

    private static String canonicalQuery(String query) {
        List<Header> pairs = new ArrayList<>();
        for (String pair : query.split("&")) {
            if (!pair.isEmpty()) {
                String[] parts = pair.split("=", 2);
                pairs.add(new Header(encodedAgain(parts[0]), parts.length < 2 ? "" : encodedAgain(parts[1])));
            }
        }
        pairs.sort(Comparator.comparing(Header::name).thenComparing(Header::value));
        return String.join("&", pairs.stream().map(pair -> pair.name() + "=" + pair.value()).toList());
    }

    private static String encodedAgain(String text) {
        return ParameterWriter.encode(URLDecoder.decode(text, StandardCharsets.UTF_8));
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(utf8(text));
        } catch (GeneralSecurityException cause) {
            throw new IllegalStateException("each Java platform has HmacSHA256", cause);
        }
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (GeneralSecurityException cause) {
            throw new IllegalStateException("each Java platform has SHA-256", cause);
        }
    }

    static String hexadecimal(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
