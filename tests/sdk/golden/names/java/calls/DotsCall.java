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

/** A call of <code>GET /dots/&#123;part&#125;</code>. */
public final class DotsCall extends Call<DotsCall, Void> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public DotsCall(BaseClient client) {
        super(client, OPERATION, value -> null);
    }

    private static Operation describe() {
        Operation operation = Operation.of("dots", "GET", "", "*/*", "/dots/", 0);
        describe1(operation);
        return operation;
    }

    private static void describe1(Operation operation) {
        operation.parameter("part", "path", "simple", false, false, false);
    }

    /**
     * Sets the parameter <code>part</code>.
     */
    public DotsCall part(String value) {
        return set(0, value);
    }
}
