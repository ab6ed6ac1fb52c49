package g0_sdk.types;

import g0_sdk.JsonChoice;
import g0_sdk.JsonObject;
import g0_sdk.JsonType;
import g0_sdk.Upload;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Shapes in shapes
 */
public final class Group extends JsonObject<Group> {
    /** Reads the type. */
    public static final JsonType<Group> TYPE = JsonType.object(Group::new);

    /** Makes an object without fields. */
    public Group() {
        this(Map.of());
    }

    private Group(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Group copy(Map<String, Object> fields) {
        return new Group(fields);
    }

    /**
     * Returns the field <code>kind</code>.
     */
    public String kind() {
        return read("kind", JsonType.TEXT);
    }

    /** Sets the field <code>kind</code>. */
    public Group withKind(String value) {
        return with("kind", value);
    }

    /**
     * Returns the field <code>parts</code>.
     */
    public Optional<List<Shape>> parts() {
        return find("parts", JsonType.list(Shape.TYPE));
    }

    /** Sets the field <code>parts</code>. */
    public Group withParts(List<Shape> value) {
        return with("parts", value);
    }

    /**
     * A "quoted" description with a &#92; and """
     */
    public Optional<String> oddName() {
        return find("odd-name", JsonType.TEXT);
    }

    /** Sets the field <code>odd-name</code>. */
    public Group withOddName(String value) {
        return with("odd-name", value);
    }

    /**
     * Returns the field <code>pair</code>.
     */
    public Optional<List<Group.PairItemChoice>> pair() {
        return find("pair", JsonType.list(Group.PairItemChoice.TYPE));
    }

    /** Sets the field <code>pair</code>. */
    public Group withPair(List<Group.PairItemChoice> value) {
        return with("pair", value);
    }

    /**
     * Returns the field <code>more</code>.
     */
    public Optional<Group_More> more() {
        return find("more", Group_More.TYPE);
    }

    /** Sets the field <code>more</code>. */
    public Group withMore(Group_More value) {
        return with("more", value);
    }

    /** Values that were known when this client was made; there may be others. */
    public static final class KindValues {
        /** One of them. */
        public static final String GROUP = "group";
        /** One of them. */
        public static final String LIST = "list";

        private KindValues() {}
    }

    /**
     * A value of one of several types.
     */
    public static final class PairItemChoice extends JsonChoice {
        /** Reads the type. */
        public static final JsonType<PairItemChoice> TYPE = value -> value == null ? null : new PairItemChoice(value);

        private PairItemChoice(Object value) {
            super(value);
        }

        /** Makes a value. */
        public static PairItemChoice ofText(String value) {
            return new PairItemChoice(plain(value));
        }

        /** Reads the value as this type. */
        public String asText() {
            return JsonType.TEXT.read(value());
        }

        /** Makes a value. */
        public static PairItemChoice ofInteger(long value) {
            return new PairItemChoice(plain(value));
        }

        /** Reads the value as this type. */
        public Long asInteger() {
            return JsonType.INTEGER.read(value());
        }
    }
}
