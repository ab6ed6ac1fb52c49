package g1_sdk.types;

import g1_sdk.JsonChoice;
import g1_sdk.JsonObject;
import g1_sdk.JsonType;
import g1_sdk.Upload;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tree.
 */
public final class Tree extends JsonChoice {
    /** Reads the type. */
    public static final JsonType<Tree> TYPE = value -> value == null ? null : new Tree(value);

    private Tree(Object value) {
        super(value);
    }

    /** Makes a value. */
    public static Tree ofText(String value) {
        return new Tree(plain(value));
    }

    /** Reads the value as this type. */
    public String asText() {
        return JsonType.TEXT.read(value());
    }

    /** Makes a value. */
    public static Tree ofList(List<Tree> value) {
        return new Tree(plain(value));
    }

    /** Reads the value as this type. */
    public List<Tree> asList() {
        return JsonType.list(Tree.TYPE).read(value());
    }
}
