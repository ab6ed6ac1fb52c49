package sdk_runtime;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/** Media types, and the kinds of content that they mean. */
final class MediaTypes {
    private static final Set<String> LINES = Set.of(
            "application/x-ndjson",
            "application/ndjson",
            "application/jsonl",
            "application/json-seq",
            "application/jsonlines",
            "application/x-jsonlines");

    private MediaTypes() {}

    static String essence(String mediaType) {
        return mediaType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    }

    static String kind(String mediaType) {
        String essence = essence(mediaType);
        if (LINES.contains(essence)) {
            return "lines";
        }
        return switch (essence) {
            case "application/json", "text/json" -> "json";
            case "text/event-stream" -> "events";
            case "application/x-www-form-urlencoded" -> "form";
            case "multipart/form-data" -> "multipart";
            case "application/xml", "application/yaml" -> "text";
            default -> {
                if (essence.endsWith("+json")) {
                    yield "json";
                }
                boolean isText =
                        essence.startsWith("text/") || essence.endsWith("+xml") || essence.endsWith("+yaml");
                yield isText ? "text" : "bytes";
            }
        };
    }

    /** Returns a media type of a range. */
    static String concrete(String mediaType, String usual) {
        String[] parts = mediaType.split("/", 2);
        if (parts.length < 2 || !parts[1].equals("*")) {
            return mediaType;
        }
        if (parts[0].equals("*") || usual.startsWith(parts[0] + "/")) {
            return usual;
        }
        return parts[0] + (parts[0].equals("image") ? "/png" : "/plain");
    }

    static Charset charset(String contentType) {
        for (String parameter : contentType.split(";")) {
            String[] pair = parameter.strip().split("=", 2);
            if (pair.length == 2 && pair[0].equalsIgnoreCase("charset")) {
                try {
                    return Charset.forName(pair[1].replace("\"", ""));
                } catch (IllegalArgumentException unknown) {
                    return StandardCharsets.UTF_8;
                }
            }
        }
        return StandardCharsets.UTF_8;
    }
}
