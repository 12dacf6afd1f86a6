"""Tags that Exim 4.96 made, and its verdicts."""

from pathlib import Path

from batv import KeyRing, TooLongError, Verdict

VECTORS = Path(__file__).parent / "vectors"
DAY = 86_400
TAGGED = "prvs=0123abcdef=alice@example.test"


def rows(name: str) -> list[list[str]]:
    lines = (VECTORS / name).read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def inside_quotes(signed: str) -> str:
    """Move the tag before the quotes, where Exim puts it, inside."""
    return f'"{signed[:16]}{signed[17:]}' if signed[16] == '"' else signed


def test_exact_signs_as_exim_does() -> None:
    signed_by_exim = rows("vectors.tsv")
    for time, secret, number, address, signed in signed_by_exim:
        keys = KeyRing(
            {int(number): bytes.fromhex(secret)}, hash_case="exact", long_local_parts=True
        )
        expected = address if address == TAGGED else inside_quotes(signed)
        assert keys.sign(address, int(time)) == expected
        assert keys.sign(address.encode(), int(time)) == expected.encode()
    assert len(signed_by_exim) == 134


def test_exims_tags_pass_up_to_their_last_day() -> None:
    for time, secret, number, address, signed in rows("vectors.tsv"):
        keys = KeyRing({int(number): bytes.fromhex(secret)})
        midnight = int(time) - int(time) % DAY
        for at, verdict, days_left in (
            (int(time), Verdict.PASS, 7),
            (midnight + 8 * DAY - 1, Verdict.PASS, 0),
            (midnight + 8 * DAY, Verdict.EXPIRED, 0),
        ):
            verification = keys.verify(signed, at)
            assert verification.verdict is verdict
            assert verification.original == address
            assert verification.key_number == int(number)
            assert verification.days_left == days_left


def test_what_exim_signs_and_we_do_not() -> None:
    too_long = []
    for time, secret, number, address, _ in rows("vectors.tsv"):
        try:
            KeyRing({int(number): bytes.fromhex(secret)}).sign(address, int(time))
        except TooLongError as error:
            too_long.append(error.octets - len(address.rpartition("@")[0]))
    assert too_long == [16] * 4


def test_verdicts_are_exims_but_for_the_wrap() -> None:
    verdicts = []
    for row in rows("check-vectors.tsv"):
        time, secret, address, exim, _, original, within_7, within_500 = row[:8]
        if exim == "nomatch":
            continue
        ours = KeyRing({int(address[5]): bytes.fromhex(secret)}).verify(address, int(time))
        verdicts.append(ours.verdict)
        if exim == "bad":
            assert ours.verdict is Verdict.BAD_SIGNATURE
            assert (ours.original, ours.key_number, ours.days_left) == (None, None, None)
            continue
        # A window of 100 days lies between the windows of 7 and of 500.
        assert ours.verdict in {within_7, within_500}
        assert ours.original == original
    assert (len(verdicts), verdicts.count(Verdict.BAD_SIGNATURE)) == (108, 2)
