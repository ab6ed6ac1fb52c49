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
 * Listen__Event.
 */
public final class Listen__Event extends JsonObject<Listen__Event> {
    /** Reads the type. */
    public static final JsonType<Listen__Event> TYPE = JsonType.object(Listen__Event::new);

    /** Makes an object without fields. */
    public Listen__Event() {
        this(Map.of());
    }

    private Listen__Event(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Listen__Event copy(Map<String, Object> fields) {
        return new Listen__Event(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public Listen__Event withA(long value) {
        return with("a", value);
    }
}
