package sdk_runtime;

import java.util.Objects;

/** A value of one of several types. */
public abstract class JsonChoice {
    private final Object value;

    /** Makes a value of a plain one. */
    protected JsonChoice(Object value) {
        this.value = value;
    }

    /** Returns the plain value: a map, list, string, boolean or number. */
    public final Object value() {
        return value;
    }

    /** Returns the plain form of a value. */
    protected static Object plain(Object value) {
        return Json.raw(value);
    }

    @Override
    public final boolean equals(Object other) {
        return other != null && getClass() == other.getClass() && Objects.equals(value, ((JsonChoice) other).value);
    }

    @Override
    public final int hashCode() {
        return Objects.hashCode(value);
    }

    @Override
    public final String toString() {
        return String.valueOf(value);
    }
}
