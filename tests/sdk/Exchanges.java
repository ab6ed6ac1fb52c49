import g0_sdk.ApiError;
import g0_sdk.ApiKey;
import g0_sdk.Call;
import g0_sdk.Client;
import g0_sdk.ClientError;
import g0_sdk.ClientOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

public final class Exchanges {
    public static void main(String[] arguments) throws Exception {
        var options = new ClientOptions().retries(0).timeout(Duration.ofSeconds(60));
        Client client = Client.at(arguments[0], options);

        // A connection that the server has closed while nobody used it.
        int first = client.idle().send().status();
        Thread.sleep(2000);
        System.out.println("idle: " + first + ", " + client.idle().send().status());

        // A redirect is not followed: one that is not declared is no response of the operation.
        try {
            System.out.println("moved: " + client.moved().send().data());
        } catch (ApiError error) {
            String location = error.headers().firstValue("location").orElse(null);
            System.out.println("moved: " + error.getClass().getSimpleName() + " " + error.status() + " " + location);
        }
        System.out.println("found: " + client.found().send().status());

        List<String> events = new ArrayList<>();
        client.events().send().data().forEachRemaining(event -> events.add(String.valueOf(event.data())));
        System.out.println("events: " + String.join(" ", events));

        // A text that is no JSON may end a stream of objects.
        List<String> texts = new ArrayList<>();
        for (var event : client.done().send().data()) {
            texts.add("[DONE]".equals(event.raw()) ? "[DONE]" : String.valueOf(event.data().a().orElseThrow()));
        }
        System.out.println("done: " + String.join(" ", texts));
        System.out.println("empty: " + client.empty().send().data().length());
        try {
            client.lines().send().data().forEachRemaining(item -> {});
        } catch (ClientError error) {
            System.out.println("lines: " + error.getClass().getSimpleName());
        }

        // A value makes no other cookie, and no other header.
        refuse("cookie", client.cookie().c("a; admin=1"));
        refuse("cookie", client.cookie().c("a\r\nx: y"));
        refuse("cookie", Client.at(arguments[0], new ClientOptions().auth(ApiKey.inCookie("k", "a; admin=1"))).idle());
        refuse("header", client.cookie().xH("a\r\n x: y"));

        // A wait of an hour is not for the client to sit out.
        long start = System.nanoTime();
        try {
            client.busy().retries(2).send();
        } catch (ApiError error) {
            String wait = error.headers().firstValue("retry-after").orElse(null);
            System.out.println("busy: " + error.getClass().getSimpleName() + " " + wait);
        }
        if (System.nanoTime() - start > 30_000_000_000L) {
            throw new AssertionError("too long");
        }

        // A response that asks for another attempt may break off.
        System.out.println("cut: " + client.cut().retries(1).send().status());

        // An address with a query has no place for a path.
        try {
            Client.at(arguments[0] + "?a=b", options);
        } catch (IllegalArgumentException error) {
            System.out.println("address: refused");
        }
    }

    private static void refuse(String name, Call<?, ?> call) {
        try {
            System.out.println(name + ": sent, " + call.send().status());
        } catch (IllegalArgumentException error) {
            System.out.println(name + ": refused");
        }
    }
}
