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
 * ExchangeLines__BodyItem.
 */
public final class ExchangeLines__BodyItem extends JsonObject<ExchangeLines__BodyItem> {
    /** Reads the type. */
    public static final JsonType<ExchangeLines__BodyItem> TYPE = JsonType.object(ExchangeLines__BodyItem::new);

    /** Makes an object without fields. */
    public ExchangeLines__BodyItem() {
        this(Map.of());
    }

    private ExchangeLines__BodyItem(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected ExchangeLines__BodyItem copy(Map<String, Object> fields) {
        return new ExchangeLines__BodyItem(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public ExchangeLines__BodyItem withA(long value) {
        return with("a", value);
    }
}
