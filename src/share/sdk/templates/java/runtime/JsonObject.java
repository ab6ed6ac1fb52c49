package sdk_runtime;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * An object with declared fields, which keeps all that it was made of, unknown fields too. It cannot be changed: each {@code
 * with...} returns another one.
 *
 * @param <S> its own type
 */
public abstract class JsonObject<S extends JsonObject<S>> {
    private final Map<String, Object> fields;

    /** Makes an object of plain values. */
    protected JsonObject(Map<String, Object> fields) {
        this.fields = fields;
    }

    /** Makes another object of the same type. */
    protected abstract S copy(Map<String, Object> fields);

    /** Returns all fields as plain values: maps, lists, strings, booleans, numbers and null. */
    public final Map<String, Object> fields() {
        return fields;
    }

    /** True if there is a field, even if it is null. */
    public final boolean has(String name) {
        return fields.containsKey(name);
    }

    /** Returns a field as a plain value; null if there is none. */
    public final Object get(String name) {
        return fields.get(name);
    }

    /** Sets a field, to null too. */
    public final S with(String name, Object value) {
        Map<String, Object> copy = new LinkedHashMap<>(fields);
        copy.put(name, Json.raw(value));
        return copy(Collections.unmodifiableMap(copy));
    }

    /** Removes a field. */
    public final S without(String name) {
        Map<String, Object> copy = new LinkedHashMap<>(fields);
        copy.remove(name);
        return copy(Collections.unmodifiableMap(copy));
    }

    /** Reads a field as a type. */
    protected final <T> T read(String name, JsonType<T> type) {
        try {
            return type.read(fields.get(name));
        } catch (ClientError cause) {
            throw new ClientError("the field \"" + name + "\": " + cause.getMessage(), cause);
        }
    }

    /** Reads a field that may be missing or null. */
    protected final <T> Optional<T> find(String name, JsonType<T> type) {
        return Optional.ofNullable(read(name, type));
    }

    @Override
    public final boolean equals(Object other) {
        return other != null && getClass() == other.getClass() && fields.equals(((JsonObject<?>) other).fields);
    }

    @Override
    public final int hashCode() {
        return fields.hashCode();
    }

    /** Returns the object as JSON, or in words where it holds files. */
    @Override
    public final String toString() {
        try {
            return Json.write(fields);
        } catch (IllegalArgumentException file) {
            return fields.toString();
        }
    }
}
