"""Codes of countries: those that ISO 3166-1 alpha-2 has officially assigned, and what is written for some of them by mistake."""

from __future__ import annotations

_ASSIGNED = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR
CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU
ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ
MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
#: ISO 3166-1 alpha-2, the 249 officially assigned codes, as in ``iso3166.tab`` of the IANA time zone database (release 2025b, public domain); and
#: XK, a code for users to assign, which the European Union and banks use for Kosovo. Other codes for users (AA, QM..QZ, XA..XZ, ZZ) are not taken.
CODES = frozenset([*_ASSIGNED.split(), "XK"])

#: What is written by mistake -> the code that is meant.
_MEANT = {"UK": "GB", "EL": "GR"}
_GROUPS = {"EU": "the European Union", "EZ": "the euro area", "UN": "the United Nations"}


def instead_of(word: str) -> str:
    """Return what to write in place of a word that is no code.

    Examples
    --------
    >>> instead_of("UK")
    "Did you mean 'GB'?"
    >>> instead_of("no")
    "Write two capital letters: did you mean 'NO'?"
    """
    code = word.strip().upper()
    meant = _MEANT.get(code, code if code in CODES else "")
    if meant:
        return f"Did you mean '{meant}'?" if word == code else f"Write two capital letters: did you mean '{meant}'?"
    if word in _GROUPS:
        return f"'{word}' is {_GROUPS[word]} and no country: write a row for each country, such as DE."
    return f"Write two capital letters such as NO, not '{word}'" + (", which is assigned to no country." if len(word) == 2 and word.isalpha() else ".")
