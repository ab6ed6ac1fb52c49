package sdk_runtime;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.AbstractList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A type of plain values, which reads one as a Java type.
 *
 * @param <T> the Java type
 */
@FunctionalInterface
public interface JsonType<T> {
    /** Any JSON. */
    JsonType<Object> ANY = value -> value;
    /** A text. */
    JsonType<String> TEXT = value -> expect(String.class, value);
    /** {@code true} or {@code false}. */
    JsonType<Boolean> BOOLEAN = value -> expect(Boolean.class, value);
    /** An integer of 64 bits; larger ones are seen in the plain value. */
    JsonType<Long> INTEGER = JsonType::integer;
    /** An exact number. */
    JsonType<BigDecimal> NUMBER = JsonType::number;
    /** A file of a form. */
    JsonType<Upload> FILE = value -> expect(Upload.class, value);
    /** Bytes as they arrive. */
    JsonType<Download> DOWNLOAD = value -> expect(Download.class, value);

    /**
     * Reads a plain value, which may be null.
     *
     * @throws ClientError if it is of another type
     */
    T read(Object value);

    /** A list, each item of which is read when it is asked for. */
    static <T> JsonType<List<T>> list(JsonType<T> item) {
        return value -> {
            List<?> items = expect(List.class, value);
            return items == null ? null : new AbstractList<T>() {
                @Override
                public T get(int index) {
                    return item.read(items.get(index));
                }

                @Override
                public int size() {
                    return items.size();
                }
            };
        };
    }

    /** An object with arbitrary names. */
    static <T> JsonType<Map<String, T>> map(JsonType<T> item) {
        return value -> {
            Map<?, ?> fields = expect(Map.class, value);
            if (fields == null) {
                return null;
            }
            Map<String, T> read = new LinkedHashMap<>();
            fields.forEach((name, field) -> read.put(String.valueOf(name), item.read(field)));
            return read;
        };
    }

    /** An object with declared fields. */
    static <T> JsonType<T> object(Function<Map<String, Object>, T> maker) {
        return value -> {
            Map<?, ?> fields = expect(Map.class, value);
            if (fields == null) {
                return null;
            }
            @SuppressWarnings("unchecked")
            Map<String, Object> named = (Map<String, Object>) fields;
            return maker.apply(named);
        };
    }

    /** Items of a response, as they arrive. */
    static <T> JsonType<ItemStream<T>> stream(JsonType<T> item) {
        return value -> {
            ItemStream<?> items = expect(ItemStream.class, value);
            return items == null ? null : items.map(item::read);
        };
    }

    /** Server-sent events, as they arrive. */
    static <T> JsonType<ItemStream<ServerEvent<T>>> events(JsonType<T> data) {
        return value -> {
            ItemStream<?> items = expect(ItemStream.class, value);
            return items == null ? null : items.map(item -> event(item).as(data));
        };
    }

    private static ServerEvent<?> event(Object value) {
        return expect(ServerEvent.class, value);
    }

    private static Long integer(Object value) {
        if (value instanceof BigDecimal || value instanceof BigInteger || value instanceof Double) {
            try {
                return new BigDecimal(value.toString()).longValueExact();
            } catch (ArithmeticException cause) {
                throw new ClientError(value + " is no integer of 64 bits", cause);
            }
        }
        Number number = expect(Number.class, value);
        return number == null ? null : (Long) number.longValue();
    }

    private static BigDecimal number(Object value) {
        Number number = expect(Number.class, value);
        return number == null ? null : new BigDecimal(number.toString());
    }

    private static <T> T expect(Class<T> wanted, Object value) {
        if (value == null || wanted.isInstance(value)) {
            return wanted.cast(value);
        }
        String found = value.getClass().getSimpleName();
        throw new ClientError("expected a value of the type " + wanted.getSimpleName() + ", not " + found);
    }
}
