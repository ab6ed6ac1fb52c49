package sdk_runtime;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON (RFC 8259) as plain values: maps, lists, strings, booleans, exact numbers ({@link Long}, {@link BigInteger}, {@link
 * BigDecimal}), and null.
 */
public final class Json {
    private Json() {}

    /**
     * Reads a text.
     *
     * @throws ClientError if it is not JSON
     */
    public static Object parse(String text) {
        return new JsonReader(text).document();
    }

    /**
     * Reads a text as a type.
     *
     * @throws ClientError if it is not JSON, or of another type
     */
    public static <T> T parse(String text, JsonType<T> type) {
        return type.read(parse(text));
    }

    /** Reads UTF-8. */
    static Object parse(byte[] bytes) {
        try {
            return parse(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
        } catch (CharacterCodingException cause) {
            throw new ClientError("JSON is not UTF-8", cause);
        }
    }

    /** Writes a value without blanks. */
    public static String write(Object value) {
        StringBuilder text = new StringBuilder();
        write(text, value);
        return text.toString();
    }

    /** Returns a value as plain maps, lists and scalars, none of which can be changed. */
    static Object raw(Object value) {
        if (value instanceof JsonObject<?> object) {
            return object.fields();
        }
        if (value instanceof JsonChoice choice) {
            return choice.value();
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> copy = new LinkedHashMap<>();
            map.forEach((name, field) -> copy.put(String.valueOf(name), raw(field)));
            return Collections.unmodifiableMap(copy);
        }
        if (value instanceof List<?> list) {
            List<Object> copy = new ArrayList<>(list.size());
            list.forEach(item -> copy.add(raw(item)));
            return Collections.unmodifiableList(copy);
        }
        return value;
    }

    private static void write(StringBuilder text, Object value) {
        Object raw = value instanceof JsonObject<?> || value instanceof JsonChoice ? raw(value) : value;
        if (raw == null || raw instanceof Boolean) {
            text.append(raw);
        } else if (raw instanceof Number number) {
            writeNumber(text, number);
        } else if (raw instanceof Map<?, ?> map) {
            String separator = "{";
            for (Map.Entry<?, ?> field : map.entrySet()) {
                text.append(separator);
                writeText(text, String.valueOf(field.getKey()));
                text.append(':');
                write(text, field.getValue());
                separator = ",";
            }
            text.append(map.isEmpty() ? "{}" : "}");
        } else if (raw instanceof Iterable<?> items) {
            text.append('[');
            int start = text.length();
            for (Object item : items) {
                text.append(text.length() == start ? "" : ",");
                write(text, item);
            }
            text.append(']');
        } else if (raw instanceof CharSequence || raw instanceof Character || raw instanceof Enum<?>) {
            writeText(text, raw.toString());
        } else {
            throw new IllegalArgumentException(raw.getClass().getName() + " has no form in JSON");
        }
    }

    private static void writeNumber(StringBuilder text, Number number) {
        if (number instanceof Double || number instanceof Float) {
            if (!Double.isFinite(number.doubleValue())) {
                throw new IllegalArgumentException(number + " has no form in JSON");
            }
            double whole = number.doubleValue();
            boolean isWhole = whole == Math.rint(whole) && Math.abs(whole) < 1e15;
            text.append(isWhole ? Long.toString((long) whole) : number.toString());
        } else {
            text.append(number);
        }
    }

    private static void writeText(StringBuilder text, String value) {
        text.append('"');
        for (int at = 0; at < value.length(); at++) {
            char character = value.charAt(at);
            switch (character) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> {
                    boolean isLone = Character.isSurrogate(character) && !isPaired(value, at);
                    if (character < ' ' || isLone) {
                        text.append(String.format("\\u%04x", (int) character));
                    } else {
                        text.append(character);
                    }
                }
            }
        }
        text.append('"');
    }

    private static boolean isPaired(String text, int at) {
        char character = text.charAt(at);
        if (Character.isHighSurrogate(character)) {
            return at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1));
        }
        return at > 0 && Character.isHighSurrogate(text.charAt(at - 1));
    }
}
