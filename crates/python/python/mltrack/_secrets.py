"""What must not be recorded: passwords, tokens and keys among arguments.

Invariants: a name is judged by its words, so that ``max_tokens`` and ``tokenizer`` are no secrets; numbers, truths and
``None`` are never secrets, so that ``token=None`` shows that none was given; a text that looks like a well-known kind of key
is hidden under any name.
"""

from __future__ import annotations

import re

MASK = "***"

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = frozenset(
    "password passwords passwd pwd passphrase passphrases secret secrets credential credentials token bearer apikey authorization".split()
)
_KEY_KINDS = frozenset("api access private secret auth account signing encryption service ssh refresh bearer hf".split())
_KEYS = frozenset(("key", "keys", "token", "tokens"))
# Tokens of a language model's vocabulary.
_VOCABULARY = frozenset("pad eos bos unk mask sep cls stop start end image prefix suffix special next".split())
_KEY_TEXT = re.compile(
    r"""\b(?:sk-[\w-]{16,}            # OpenAI, Anthropic
        |gh[pousr]_\w{20,}|github_pat_\w{20,}
        |hf_\w{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|glpat-[\w-]{16,}|mlt_\w{16,}
        |eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)  # a JSON web token
    """,
    re.VERBOSE,
)
_NAMED = re.compile(
    r"""(?i)(\b(?:api[_-]?key|access[_-]?key|access[_-]?token|auth[_-]?token|token|password|passwd|secret)["']?\s?[=:]\s?["']?
        |\bbearer\s)
        (?!\*)[^\s"'&,;<>]{6,}
    """,
    re.VERBOSE,
)
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@")


def is_secret_name(name: str) -> bool:
    """Whether what has this name is to be hidden.

    >>> [is_secret_name(name) for name in ("api_key", "hfToken", "DB_PASSWORD", "access_tokens")]
    [True, True, True, True]
    >>> [is_secret_name(name) for name in ("max_tokens", "tokenizer", "pad_token", "key")]
    [False, False, False, False]
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if "token" in words and _VOCABULARY.intersection(words):
        words = [word for word in words if word != "token"]
    if _SECRET_WORDS.intersection(words):
        return True
    return any(kind in _KEY_KINDS and key in _KEYS for kind, key in zip(words, words[1:]))


def without_secrets(text: str) -> str:
    """A text with the keys and passwords in it hidden.

    >>> without_secrets("postgres://ada:lovelace@host/db")
    'postgres://ada:***@host/db'
    >>> without_secrets("--api-key=0123456789 --max_token=512")
    '--api-key=*** --max_token=512'
    """
    text = _NAMED.sub(rf"\1{MASK}", _KEY_TEXT.sub(MASK, text))
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\1:{MASK}@", text)
    if "PRIVATE KEY" in text:
        text = _KEY_BLOCK.sub(MASK, text)
    return text
