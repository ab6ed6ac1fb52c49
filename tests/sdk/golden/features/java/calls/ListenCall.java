package g0_sdk.calls;

import g0_sdk.BaseClient;
import g0_sdk.Call;
import g0_sdk.Download;
import g0_sdk.ItemStream;
import g0_sdk.JsonChoice;
import g0_sdk.JsonType;
import g0_sdk.Operation;
import g0_sdk.ServerEvent;
import g0_sdk.Upload;
import g0_sdk.types.Listen__Event;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>GET /events</code>. */
public final class ListenCall extends Call<ListenCall, ItemStream<ServerEvent<Listen__Event>>> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public ListenCall(BaseClient client) {
        super(client, OPERATION, JsonType.events(Listen__Event.TYPE));
    }

    private static Operation describe() {
        Operation operation = Operation.of("listen", "GET", "", "text/event-stream, */*;q=0.1", "/events");
        return operation;
    }
}
