package sdk_runtime;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

    private static final Map<String, String> ENDINGS = Map.of("jpg", "jpeg", "tif", "tiff", "txt", "plain");

    private MediaTypes() {}

    static String essence(String mediaType) {
        return mediaType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    }

    static String kind(String mediaType) {
        String essence = essence(mediaType);
        if (LINES.contains(essence) || essence.endsWith("+json-seq")) {
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

    /** Chooses the media type of a part that is no file among those that are declared; null where its value decides. */
    static String ofPart(String declared, boolean isObject) {
        List<String> names = names(declared);
        for (String name : names) {
            if (isObject && kind(name).equals("json")) {
                return name;
            }
        }
        return names.isEmpty() ? (isObject ? "application/json" : null) : names.get(0);
    }

    /** Chooses the media type of a file among those that are declared: that of its ending, else the first. */
    static String ofFile(String declared, String fileName) {
        String ending = fileName.substring(fileName.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        String subtype = fileName.contains(".") ? ENDINGS.getOrDefault(ending, ending) : "";
        List<String> names = names(declared);
        for (String name : names) {
            if (name.substring(name.indexOf('/') + 1).replaceAll("^x-|\\+.*", "").equals(subtype)) {
                return name;
            }
        }
        boolean isImage = List.of(declared.split(",\\s*")).contains("image/*");
        return names.isEmpty() ? (isImage ? "image/png" : "application/octet-stream") : names.get(0);
    }

    /** Lists the media types of a list with commas that are no ranges. */
    private static List<String> names(String declared) {
        List<String> names = new ArrayList<>(List.of(declared.split(",\\s*")));
        names.removeIf(name -> name.isEmpty() || name.contains("*"));
        return names;
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
