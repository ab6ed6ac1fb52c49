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
import g1_sdk.types.Response_;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>GET /a</code>. */
public final class GetPet1222b337Call extends Call<GetPet1222b337Call, Response_> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public GetPet1222b337Call(BaseClient client) {
        super(client, OPERATION, Response_.TYPE);
    }

    private static Operation describe() {
        Operation operation = Operation.of("getPet", "GET", "", "application/json, */*;q=0.1", "/a");
        return operation;
    }
}
