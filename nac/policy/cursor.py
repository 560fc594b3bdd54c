"""A position in the tokens of one file, with the few moves that the parser makes."""

from __future__ import annotations

from typing import Final, NoReturn

from nac.policy.lexer import Kind, Token
from nac.policy.model import Name
from nac.policy.source import Diagnostic, Span, nearest

MAX_NAME: Final = 64
"""Characters in the name of a resource, segment or persona."""


class SyntaxProblem(Exception):  # noqa: N818 - it never leaves the parser; what leaves is its diagnostic
    """The text cannot be read on from here; carries what to say about it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Cursor:
    """Reads tokens one after another; the last token, END, is never passed."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self.token = tokens[0]
        """The token that is read next."""

    @property
    def following(self) -> Token:
        """The token after `token`; at the end of the file, END once more."""
        return self._tokens[min(self._position + 1, len(self._tokens) - 1)]

    @property
    def at_end(self) -> bool:
        return self.token.kind is Kind.END

    def advance(self) -> Token:
        """Take the next token, whatever it is."""
        token = self.token
        if token.kind is not Kind.END:
            self._position += 1
            self.token = self._tokens[self._position]
        return token

    def is_word(self, *words: str) -> bool:
        """Whether one of the words is next."""
        return self.token.kind is Kind.WORD and self.token.value in words

    def accept_word(self, *words: str) -> Token | None:
        """Take one of the words if it is next."""
        return self.advance() if self.is_word(*words) else None

    def accept_symbol(self, *symbols: str) -> Token | None:
        """Take one of the symbols if it is next."""
        return self.advance() if self.token.kind is Kind.SYMBOL and self.token.value in symbols else None

    def expect_word(self, word: str) -> Token:
        token = self.accept_word(word)
        return token if token else self.fail(f"expected `{word}`, found {self.token}")

    def expect_symbol(self, symbol: str, where: str) -> Token:
        token = self.accept_symbol(symbol)
        return token if token else self.fail(f"expected `{symbol}` {where}, found {self.token}")

    def expect_text(self, what: str) -> Token:
        """Take a text between quotes; `what` says in an error what it is for."""
        if self.token.kind is Kind.TEXT:
            return self.advance()
        fix = "write it between quotes" if self.token.kind is Kind.WORD else ""
        return self.fail(f'expected {what} as "text", found {self.token}', fix)

    def expect_any_word(self, what: str) -> Token:
        if self.token.kind is Kind.WORD:
            return self.advance()
        return self.fail(f"expected {what}, found {self.token}")

    def expect_name(self, what: str, *, reserved: frozenset[str]) -> Name:
        """Take a name: a letter, then letters, digits, `_ . -`; no word that begins a statement or joins conditions."""
        if self.is_word(*reserved):
            self.fail(f"expected {what}, found the keyword {self.token}")
        token = self.expect_any_word(what)
        text = token.value
        if not text[0].isalpha() or ":" in text or "/" in text or len(text) > MAX_NAME:
            rule = f"a name is a letter, then letters, digits, `_`, `.` or `-`, at most {MAX_NAME} in all"
            raise SyntaxProblem(Diagnostic(token.span, f"`{text}` is not a name", rule))
        return Name(text, token.span)

    def expect_names(self, what: str, *, reserved: frozenset[str]) -> tuple[Name, ...]:
        """Take one name or several with commas between them."""
        names = [self.expect_name(what, reserved=reserved)]
        while self.accept_symbol(","):
            names.append(self.expect_name(what, reserved=reserved))
        return tuple(names)

    def choose(self, what: str, words: tuple[str, ...]) -> Token:
        """Take one of the words; an error names the nearest."""
        token = self.accept_word(*words)
        if token:
            return token
        found = self.token.value if self.token.kind is Kind.WORD else ""
        return self.fail(f"expected {what}, found {self.token}", nearest(found, words))

    def fail(self, message: str, fix: str = "") -> NoReturn:
        """Give up at the next token."""
        raise SyntaxProblem(Diagnostic(self.token.span, message, fix))

    def skip_to_statement(self, keywords: frozenset[str], after: Token) -> None:
        """Recovery: go on at the next line that begins with a statement's keyword, after the token `after`."""
        while not self.at_end:
            if self.token is not after and self.token.first and self.is_word(*keywords):
                return
            self.advance()

    def skip_block(self) -> None:
        """Recovery: go on behind the next `}`."""
        while not self.at_end and not self.accept_symbol("}"):
            self.advance()

    def text_since(self, start: int) -> str:
        """The tokens since position `start` as they were written, without comments and line breaks."""
        parts: list[str] = []
        for token in self._tokens[start : self._position]:
            written = token.value if token.kind is not Kind.TEXT else _quoted(token.value)
            parts.append(f" {written}" if token.spaced and parts else written)
        return "".join(parts)

    @property
    def position(self) -> int:
        """For `text_since`."""
        return self._position

    @property
    def span(self) -> Span:
        """Where the next token stands."""
        return self.token.span


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
