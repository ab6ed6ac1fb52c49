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
 * ExchangeLines__ResponseItem.
 */
public final class ExchangeLines__ResponseItem extends JsonObject<ExchangeLines__ResponseItem> {
    /** Reads the type. */
    public static final JsonType<ExchangeLines__ResponseItem> TYPE = JsonType.object(ExchangeLines__ResponseItem::new);

    /** Makes an object without fields. */
    public ExchangeLines__ResponseItem() {
        this(Map.of());
    }

    private ExchangeLines__ResponseItem(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected ExchangeLines__ResponseItem copy(Map<String, Object> fields) {
        return new ExchangeLines__ResponseItem(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public ExchangeLines__ResponseItem withA(long value) {
        return with("a", value);
    }
}
