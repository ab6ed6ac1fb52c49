package sdk_runtime;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Writes parameters into a request (OpenAPI 3.1, section 4.8.12). */
final class ParameterWriter {
    private static final String UNRESERVED = "-._~";
    private static final String KEPT_IN_QUERIES = "-._~/!$'()*,;=:@?";

    private final Operation.Parameter parameter;
    private final String name;
    private final boolean explodes;

    private ParameterWriter(Operation.Parameter parameter) {
        this.parameter = parameter;
        this.name = encoded(parameter.name());
        boolean mayExplode = parameter.place().equals("query") || !parameter.style().equals("form");
        this.explodes = parameter.explodes() && mayExplode;
    }

    /** Parameters as written. */
    record Written(String path, String query, List<Header> headers) {}

    static Written write(Operation operation, Object[] values) {
        String[] paths = new String[values.length];
        List<String> query = new ArrayList<>(operation.query.isEmpty() ? List.of() : List.of(operation.query));
        List<Header> headers = new ArrayList<>();
        List<String> cookies = new ArrayList<>();
        for (int index = 0; index < values.length; index++) {
            Operation.Parameter parameter = operation.parameters.get(index);
            if (values[index] == null) {
                continue;
            }
            String text = new ParameterWriter(parameter).text(values[index]);
            switch (parameter.place()) {
                case "path" -> paths[index] = text;
                case "query" -> query.addAll(text.isEmpty() ? List.of() : List.of(text));
                case "header" -> headers.add(new Header(parameter.name(), text));
                default -> cookies.add(text);
            }
        }
        if (cookies.stream().anyMatch(ParameterWriter::endsCookie)) {
            throw new IllegalArgumentException(operation.name + ": a cookie holds ';' or a control character,"
                    + " which would make another cookie or header of its rest");
        }
        if (!cookies.isEmpty()) {
            headers.add(new Header("cookie", String.join("; ", cookies)));
        }
        return new Written(path(operation, paths), String.join("&", query), headers);
    }

    /** True if a server would take the rest of a cookie for another one, or for another header. */
    static boolean endsCookie(String text) {
        return text.chars().anyMatch(character -> character == ';' || Character.isISOControl(character));
    }

    private static String path(Operation operation, String[] texts) {
        StringBuilder path = new StringBuilder();
        for (Object piece : operation.path) {
            if (piece instanceof Integer index) {
                path.append(pathText(operation, index, texts[index]));
            } else {
                path.append(piece);
            }
        }
        boolean hasValue = Arrays.stream(texts).anyMatch(text -> text != null);
        for (String part : path.toString().split("/", -1)) {
            String plain = part.toLowerCase(Locale.ROOT).replace("%2e", ".");
            if (hasValue && (plain.equals(".") || plain.equals(".."))) {
                throw new IllegalArgumentException(operation.name
                        + ": a part of the path is '.' or '..', which leads to another operation: " + path);
            }
        }
        return path.toString();
    }

    private static String pathText(Operation operation, int index, String text) {
        String name = operation.parameters.get(index).name();
        if (text == null) {
            throw new IllegalArgumentException(operation.name + ": '" + name + "' is missing");
        }
        if (text.isEmpty()) {
            throw new IllegalArgumentException(
                    operation.name + ": the value of '" + name + "' is empty, and a path has no empty parts");
        }
        return text;
    }

    private String text(Object value) {
        if (parameter.isJson()) {
            return named(encoded(Json.write(value)));
        }
        if (value instanceof List<?> list) {
            return list(list.stream().map(item -> encoded(plain(item))).toList());
        }
        if (value instanceof Map<?, ?> map) {
            return object(map);
        }
        return named(encoded(plain(value)));
    }

    private String list(List<String> items) {
        if (explodes && parameter.style().equals("form")) {
            return String.join("&", items.stream().map(item -> name + "=" + item).toList());
        }
        if (explodes && parameter.style().equals("matrix")) {
            return String.join("", items.stream().map(item -> ";" + name + "=" + item).toList());
        }
        if (explodes && parameter.style().equals("label")) {
            return String.join("", items.stream().map(item -> "." + item).toList());
        }
        return named(String.join(delimiter(), items));
    }

    private String delimiter() {
        return delimiter(parameter.style()).orElse(",");
    }

    /** Returns the text between the parts of a value in one text, for a style that has one. */
    static Optional<String> delimiter(String style) {
        return switch (style) {
            case "form" -> Optional.of(",");
            case "spaceDelimited" -> Optional.of("%20");
            case "pipeDelimited" -> Optional.of("%7C");
            default -> Optional.empty();
        };
    }

    private String object(Map<?, ?> map) {
        boolean isDeep = parameter.style().equals("deepObject");
        List<Field> fields = new ArrayList<>();
        map.forEach((key, field) -> {
            String fieldName = String.valueOf(key);
            fields.addAll(isDeep ? nested(fieldName, field) : List.of(new Field(fieldName, plain(field))));
        });
        if (isDeep) {
            return joined(fields, "&", name + "%5B", "%5D=");
        }
        if (explodes) {
            switch (parameter.style()) {
                case "form":
                    return joined(fields, "&", "", "=");
                case "matrix":
                    return joined(fields, "", ";", "=");
                case "label":
                    return joined(fields, "", ".", "=");
                case "simple":
                    return joined(fields, ",", "", "=");
                default:
                    break;
            }
        }
        return named(joined(fields, delimiter(), "", delimiter()));
    }

    private String joined(List<Field> fields, String between, String before, String middle) {
        List<String> texts = fields.stream()
                .map(field -> before + encoded(field.name()) + middle + encoded(field.text()))
                .toList();
        return String.join(between, texts);
    }

    private String named(String text) {
        return switch (parameter.place()) {
            // The whole query has no name (OpenAPI 3.2, querystring).
            case "query", "cookie" -> name.isEmpty() ? text : name + "=" + text;
            default -> switch (parameter.style()) {
                case "matrix" -> ";" + name + "=" + text;
                case "label" -> "." + text;
                default -> text;
            };
        };
    }

    private String encoded(String text) {
        if (parameter.place().equals("query") && parameter.isReserved()) {
            boolean isJoined = parameter.style().equals("form") && !parameter.explodes();
            return encode(text, KEPT_IN_QUERIES.replace(isJoined ? "," : "=", ""));
        }
        boolean isUrl = parameter.place().equals("path") || parameter.place().equals("query");
        return isUrl ? encode(text) : text;
    }

    /** A field of an object, with its value as a text. */
    record Field(String name, String text) {}

    /** Lists the fields in an object as {@code a][b}. */
    static List<Field> nested(String name, Object value) {
        List<Field> fields = new ArrayList<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((part, inner) -> fields.addAll(nested(name + "][" + part, inner)));
        } else if (value instanceof List<?> list) {
            list.forEach(item -> fields.addAll(nested(name, item)));
        } else {
            fields.add(new Field(name, plain(value)));
        }
        return fields;
    }

    static String plain(Object value) {
        return value instanceof String text ? text : Json.write(value);
    }

    static String encode(String text) {
        return encode(text, UNRESERVED);
    }

    private static String encode(String text, String kept) {
        StringBuilder encoded = new StringBuilder();
        for (byte part : text.getBytes(StandardCharsets.UTF_8)) {
            char character = (char) (part & 0xff);
            boolean isPlain = character < 128 && Character.isLetterOrDigit(character);
            if (isPlain || kept.indexOf(character) >= 0) {
                encoded.append(character);
            } else {
                encoded.append(String.format("%%%02X", (int) character));
            }
        }
        return encoded.toString();
    }
}
