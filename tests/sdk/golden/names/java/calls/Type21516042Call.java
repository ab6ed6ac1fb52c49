package g1_sdk.calls;

import g1_sdk.BaseClient;
import g1_sdk.Call;
import g1_sdk.Download;
import g1_sdk.ItemStream;
import g1_sdk.JsonChoice;
import g1_sdk.JsonType;
import g1_sdk.Operation;
import g1_sdk.ServerEvent;
import g1_sdk.Upload;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>GET /g/&#123;id&#125;</code>. */
public final class Type21516042Call extends Call<Type21516042Call, Void> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public Type21516042Call(BaseClient client) {
        super(client, OPERATION, value -> null);
    }

    private static Operation describe() {
        Operation operation = Operation.of("查询宠物", "GET", "", "*/*", "/g/", 0);
        describe1(operation);
        return operation;
    }

    private static void describe1(Operation operation) {
        operation.parameter("id", "path", "simple", false, false, false);
        operation.parameter("id", "query", "form", true, false, false);
        operation.parameter("self", "query", "form", true, false, false);
        operation.parameter("body", "query", "form", true, false, false);
        operation.parameter("class", "query", "form", true, false, false);
        operation.parameter("x\u2028y\"", "query", "form", true, false, false);
        operation.parameter("options", "header", "simple", false, false, false);
    }

    /**
     * Sets the parameter <code>id</code>.
     */
    public Type21516042Call id(long value) {
        return set(0, value);
    }

    /**
     * Sets the parameter <code>id</code>.
     */
    public Type21516042Call idQuery(long value) {
        return set(1, value);
    }

    /**
     * Sets the parameter <code>self</code>.
     */
    public Type21516042Call self(String value) {
        return set(2, value);
    }

    /**
     * Sets the parameter <code>body</code>.
     */
    public Type21516042Call body_(String value) {
        return set(3, value);
    }

    /**
     * Sets the parameter <code>class</code>.
     */
    public Type21516042Call class_(String value) {
        return set(4, value);
    }

    /**
     * Sets the parameter <code>xy"</code>.
     */
    public Type21516042Call xY(String value) {
        return set(5, value);
    }

    /**
     * Sets the parameter <code>options</code>.
     */
    public Type21516042Call options(String value) {
        return set(6, value);
    }
}
