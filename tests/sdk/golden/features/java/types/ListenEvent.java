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
 * ListenEvent.
 */
public final class ListenEvent extends JsonObject<ListenEvent> {
    /** Reads the type. */
    public static final JsonType<ListenEvent> TYPE = JsonType.object(ListenEvent::new);

    /** Makes an object without fields. */
    public ListenEvent() {
        this(Map.of());
    }

    private ListenEvent(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected ListenEvent copy(Map<String, Object> fields) {
        return new ListenEvent(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public ListenEvent withA(long value) {
        return with("a", value);
    }
}
