package sdk_runtime;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An operation as generated code describes it. */
public final class Operation {
    final String name;
    final String method;
    final String query;
    final String accept;
    final List<Object> path;
    final List<Parameter> parameters = new ArrayList<>();
    final List<Content> contents = new ArrayList<>();
    private boolean mayRedirect;

    private Operation(String name, String method, String query, String accept, List<Object> path) {
        this.name = name;
        this.method = method;
        this.query = query;
        this.accept = accept;
        this.path = path;
    }

    /** Describes an operation; its path is made of texts and of indices of parameters. */
    public static Operation of(String name, String method, String query, String accept, Object... path) {
        return new Operation(name, method, query, accept, List.of(path));
    }

    /** Adds a parameter. */
    public Operation parameter(
            String wireName, String place, String style, boolean explodes, boolean isReserved, boolean isJson) {
        parameters.add(new Parameter(wireName, place, style, explodes, isReserved, isJson));
        return this;
    }

    /** Adds a media type of the body. */
    public Operation content(String mediaType, String kind) {
        contents.add(new Content(mediaType, kind, new LinkedHashMap<>(), ""));
        return this;
    }

    /** Names the shapes of the values of the last media type, by which it is chosen among several. */
    public Operation shapes(String words) {
        Content last = contents.remove(contents.size() - 1);
        contents.add(new Content(last.mediaType(), last.kind(), last.parts(), words));
        return this;
    }

    /** Adds rules of a field to the last media type: its media types with commas, and its style; null for none. */
    public Operation part(String field, String mediaTypes, String style, boolean explodes) {
        contents.get(contents.size() - 1).parts().put(field, new Part(mediaTypes, style, explodes));
        return this;
    }

    /** Declares responses with a status of 300 to 399, which are no errors then. */
    public Operation redirects() {
        mayRedirect = true;
        return this;
    }

    /** True for a status of 400 or above, and for a redirect that is not declared. */
    boolean isError(int status) {
        return status >= 400 || status >= 300 && !mayRedirect;
    }

    /** Returns the content that a value is sent as. */
    Content content(Object value, String mediaType) {
        if (mediaType != null) {
            for (Content content : contents) {
                if (MediaTypes.essence(content.mediaType).equals(MediaTypes.essence(mediaType))) {
                    return new Content(mediaType, content.kind, content.parts, "");
                }
            }
            return new Content(mediaType, MediaTypes.kind(mediaType), Map.of(), "");
        }
        List<String> wanted = List.of("json", "multipart", "form", "lines");
        if (value instanceof Upload) {
            wanted = List.of("bytes", "text", "json");
        } else if (value instanceof String) {
            wanted = List.of("text", "json", "bytes");
        } else if (value instanceof Map<?, ?> fields && holdsFile(fields.values())) {
            wanted = List.of("multipart", "form", "json");
        }
        String shape = value instanceof Map<?, ?> ? "object" : value instanceof Iterable<?> ? "array" : "scalar";
        for (String kind : wanted) {
            List<Content> ofKind = contents.stream().filter(one -> one.kind.equals(kind)).toList();
            Optional<Content> fitting = ofKind.stream().filter(one -> one.takes(shape)).findFirst();
            if (!ofKind.isEmpty()) {
                return fitting.orElse(ofKind.get(0));
            }
        }
        return contents.isEmpty() ? new Content("application/json", "json", Map.of(), "") : contents.get(0);
    }

    private static boolean holdsFile(Collection<?> values) {
        return values.stream()
                .anyMatch(value -> value instanceof Upload || value instanceof List<?> list && holdsFile(list));
    }

    record Parameter(
            String name, String place, String style, boolean explodes, boolean isReserved, boolean isJson) {}

    record Content(String mediaType, String kind, Map<String, Part> parts, String shapes) {
        boolean takes(String shape) {
            return shapes.isEmpty() || List.of(shapes.split(" ")).contains(shape);
        }
    }

    record Part(String contentTypes, String style, boolean explodes) {}
}
