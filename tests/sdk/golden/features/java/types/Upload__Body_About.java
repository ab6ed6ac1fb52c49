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
 * Upload__Body_About.
 */
public final class Upload__Body_About extends JsonObject<Upload__Body_About> {
    /** Reads the type. */
    public static final JsonType<Upload__Body_About> TYPE = JsonType.object(Upload__Body_About::new);

    /** Makes an object without fields. */
    public Upload__Body_About() {
        this(Map.of());
    }

    private Upload__Body_About(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Upload__Body_About copy(Map<String, Object> fields) {
        return new Upload__Body_About(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public Upload__Body_About withA(long value) {
        return with("a", value);
    }
}
