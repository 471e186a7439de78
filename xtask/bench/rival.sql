-- The rival of `cargo xtask bench --postgres`: the ledger as a careful hand would write it in
-- PL/pgSQL, one call an operation. It has the member row, the entry, the lot, the idempotency key
-- and the order's uniqueness; it has no hash chain, no rulebook, no tiers, no audit and no HTTP, so
-- it does less than what it is compared with.

CREATE TABLE member (
    member_id bigint PRIMARY KEY,
    sequence bigint NOT NULL,
    balance bigint NOT NULL CHECK (balance >= 0)
) WITH (fillfactor = 70);

CREATE TABLE entry (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES member,
    sequence bigint NOT NULL,
    kind text NOT NULL,
    points bigint NOT NULL,
    balance_after bigint NOT NULL,
    reference text,
    idempotency_key text NOT NULL UNIQUE,
    fingerprint text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (member_id, sequence)
);
CREATE UNIQUE INDEX entry_reference ON entry (kind, reference) WHERE reference IS NOT NULL;

CREATE TABLE lot (
    lot_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES member,
    granted bigint NOT NULL,
    remaining bigint NOT NULL CHECK (remaining BETWEEN 0 AND granted),
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX lot_open ON lot (member_id, expires_at, lot_id) WHERE remaining > 0;

-- Points for a purchase of so many cents; the first answer again when the key is known.
CREATE FUNCTION earn(a_member bigint, a_cents bigint, a_reference text, a_key text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    replay record;
    standing record;
    granted bigint := a_cents / 100;
BEGIN
    SELECT e.balance_after, e.fingerprint INTO replay FROM entry e WHERE e.idempotency_key = a_key;
    IF FOUND THEN
        IF replay.fingerprint <> a_member || ':' || a_cents || ':' || a_reference THEN
            RAISE EXCEPTION 'idempotency key reused';
        END IF;
        RETURN replay.balance_after;
    END IF;
    INSERT INTO member AS m (member_id, sequence, balance) VALUES (a_member, 1, granted)
        ON CONFLICT (member_id) DO UPDATE SET sequence = m.sequence + 1, balance = m.balance + granted
        RETURNING m.sequence, m.balance INTO standing;
    INSERT INTO entry (member_id, sequence, kind, points, balance_after, reference, idempotency_key, fingerprint)
        VALUES (a_member, standing.sequence, 'earn', granted, standing.balance, a_reference, a_key,
                a_member || ':' || a_cents || ':' || a_reference);
    INSERT INTO lot (member_id, granted, remaining, expires_at)
        VALUES (a_member, granted, granted, now() + interval '1 year');
    RETURN standing.balance;
END $$;

-- Spends points from the lots that expire first.
CREATE FUNCTION redeem(a_member bigint, a_points bigint, a_key text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    replay record;
    standing record;
    open record;
    wanted bigint := a_points;
    taken bigint;
BEGIN
    SELECT e.balance_after, e.fingerprint INTO replay FROM entry e WHERE e.idempotency_key = a_key;
    IF FOUND THEN
        IF replay.fingerprint <> a_member || ':' || a_points THEN
            RAISE EXCEPTION 'idempotency key reused';
        END IF;
        RETURN replay.balance_after;
    END IF;
    UPDATE member SET sequence = sequence + 1, balance = balance - a_points
        WHERE member_id = a_member AND balance >= a_points RETURNING sequence, balance INTO standing;
    IF NOT FOUND THEN
        RETURN -1;
    END IF;
    FOR open IN
        SELECT lot_id, remaining FROM lot
        WHERE member_id = a_member AND remaining > 0 AND expires_at > now() ORDER BY expires_at, lot_id
    LOOP
        taken := least(open.remaining, wanted);
        UPDATE lot SET remaining = remaining - taken WHERE lot_id = open.lot_id;
        wanted := wanted - taken;
        EXIT WHEN wanted = 0;
    END LOOP;
    IF wanted > 0 THEN
        RAISE EXCEPTION 'lots do not cover the balance';
    END IF;
    INSERT INTO entry (member_id, sequence, kind, points, balance_after, idempotency_key, fingerprint)
        VALUES (a_member, standing.sequence, 'redeem', -a_points, standing.balance, a_key, a_member || ':' || a_points);
    RETURN standing.balance;
END $$;
