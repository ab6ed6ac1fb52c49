package sdk_runtime;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads a text that is JSON and nothing else. */
final class JsonReader {
    /** More levels would overflow the stack of small threads. */
    private static final int MOST_LEVELS = 1_000;

    private final String text;
    private int at;

    JsonReader(String text) {
        this.text = text;
    }

    Object document() {
        skipBlanks();
        Object value = value(0);
        skipBlanks();
        if (at < text.length()) {
            throw fault("more than one value");
        }
        return value;
    }

    private Object value(int level) {
        if (level > MOST_LEVELS) {
            throw fault("more than " + MOST_LEVELS + " levels");
        }
        char first = peek();
        return switch (first) {
            case '{' -> object(level);
            case '[' -> array(level);
            case '"' -> string();
            case 't' -> word("true", Boolean.TRUE);
            case 'f' -> word("false", Boolean.FALSE);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, Object> object(int level) {
        Map<String, Object> fields = new LinkedHashMap<>();
        at++;
        skipBlanks();
        if (peek() == '}') {
            at++;
            return Collections.unmodifiableMap(fields);
        }
        while (true) {
            skipBlanks();
            if (peek() != '"') {
                throw fault("no name of a field");
            }
            String name = string();
            skipBlanks();
            expect(':');
            skipBlanks();
            fields.put(name, value(level + 1));
            skipBlanks();
            if (peek() == '}') {
                at++;
                return Collections.unmodifiableMap(fields);
            }
            expect(',');
        }
    }

    private List<Object> array(int level) {
        List<Object> items = new ArrayList<>();
        at++;
        skipBlanks();
        if (peek() == ']') {
            at++;
            return Collections.unmodifiableList(items);
        }
        while (true) {
            skipBlanks();
            items.add(value(level + 1));
            skipBlanks();
            if (peek() == ']') {
                at++;
                return Collections.unmodifiableList(items);
            }
            expect(',');
        }
    }

    private String string() {
        at++;
        int start = at;
        while (peek() != '"' && peek() != '\\') {
            plain();
        }
        if (peek() == '"') {
            return text.substring(start, at++);
        }
        StringBuilder value = new StringBuilder(text.substring(start, at));
        while (peek() != '"') {
            if (peek() == '\\') {
                at++;
                value.append(escaped());
            } else {
                value.append(plain());
            }
        }
        at++;
        return value.toString();
    }

    private char plain() {
        char character = peek();
        if (character < ' ') {
            throw fault("a control character in a string");
        }
        at++;
        return character;
    }

    private char escaped() {
        char character = peek();
        at++;
        return switch (character) {
            case '"', '\\', '/' -> character;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> hexadecimal();
            default -> throw fault("an unknown escape");
        };
    }

    private char hexadecimal() {
        int code = 0;
        for (int digit = 0; digit < 4; digit++) {
            char character = peek();
            int value = character < 128 ? Character.digit(character, 16) : -1;
            if (value < 0) {
                throw fault("an escape without four digits");
            }
            code = code * 16 + value;
            at++;
        }
        return (char) code;
    }

    private Object number() {
        int start = at;
        if (peek() == '-') {
            at++;
        }
        boolean isZero = peekOrEnd() == '0';
        int length = digits();
        if (length == 0 || isZero && length > 1) {
            throw fault("no value");
        }
        boolean isWhole = true;
        if (peekOrEnd() == '.') {
            at++;
            isWhole = false;
            if (digits() == 0) {
                throw fault("a number without digits after its point");
            }
        }
        if (peekOrEnd() == 'e' || peekOrEnd() == 'E') {
            at++;
            isWhole = false;
            if (peekOrEnd() == '+' || peekOrEnd() == '-') {
                at++;
            }
            if (digits() == 0) {
                throw fault("a number without digits in its exponent");
            }
        }
        String number = text.substring(start, at);
        try {
            if (!isWhole) {
                return new BigDecimal(number);
            }
            return length <= 18 ? (Object) Long.valueOf(number) : exact(new BigInteger(number));
        } catch (NumberFormatException | ArithmeticException cause) {
            throw fault("a number that is too large");
        }
    }

    private static Object exact(BigInteger number) {
        return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
    }

    private int digits() {
        int start = at;
        while (peekOrEnd() >= '0' && peekOrEnd() <= '9') {
            at++;
        }
        return at - start;
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw fault("no value");
        }
        at += word.length();
        return value;
    }

    private void expect(char wanted) {
        if (peek() != wanted) {
            throw fault("no '" + wanted + "'");
        }
        at++;
    }

    private void skipBlanks() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char peek() {
        if (at >= text.length()) {
            throw fault("an early end");
        }
        return text.charAt(at);
    }

    private char peekOrEnd() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private ClientError fault(String found) {
        return new ClientError("JSON cannot be read: " + found + " at character " + (at + 1));
    }
}
