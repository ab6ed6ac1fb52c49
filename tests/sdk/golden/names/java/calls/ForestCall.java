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

/** A call of <code>GET /k</code>. */
public final class ForestCall extends Call<ForestCall, Map<String, Object>> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public ForestCall(BaseClient client) {
        super(client, OPERATION, JsonType.map(JsonType.ANY));
    }

    private static Operation describe() {
        Operation operation = Operation.of("forest", "GET", "", "application/json, */*;q=0.1", "/k");
        return operation;
    }
}
