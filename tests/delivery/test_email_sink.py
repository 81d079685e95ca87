"""The sink `email` and a server on loopback: once per content and recipient, never in the clear."""

import ssl
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from boards import over
from reports import BETTER, NOW, REPORT, ROW

from conftest import free_port
from tenure.config import Entry, load
from tenure.config.sections import AlertsTable
from tenure.delivery import alerting, deliver, preview, undo
from tenure.errors import ConfigError, SourceError, TransientError, UsageError, WithheldError
from tenure.ledger.store import Store
from tenure.lending import lend
from tenure_sinks.mail.sink import Email, EmailConfig

PEM = Path(__file__).parents[1] / "http" / "loopback.pem"
ANN, BOB = "ann@x.test", "bob@x.test"


def encrypted(server) -> bool:
    return server.transport.get_extra_info("ssl_object") is not None


class Post:
    """A mail server: what it took for whom, and what it answers instead."""

    def __init__(self) -> None:
        self.mails, self.answers, self.refused = [], [], {}
        self.logins, self.port = [], 0

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=SMTP)
            self.mails.append((envelope.rcpt_tos, mail, encrypted(server)))
        if answer == "250 and gone":
            server.transport.abort()
        return answer

    def login(self, server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login, data.password, encrypted(server)))
        return AuthResult(success=data.password == b"good", handled=False)


@contextmanager
def serving(post: Post, tls: str = ""):
    """The server, without encryption, with STARTTLS, or encrypted from the start."""
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(PEM)
    controller = Controller(
        post,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=post.login,
        auth_require_tls=False,
        ssl_context=context if tls == "smtps" else None,
        tls_context=context if tls == "starttls" else None,
    )
    controller.start()
    post.port = controller.port
    try:
        yield post
    finally:
        controller.stop()


@pytest.fixture
def post():
    with serving(Post()) as post:
        yield post


@pytest.fixture
def store(sqlite_database):
    return Store.open(sqlite_database, clock=lambda: NOW)


def mailer(post, scheme="smtp", user="", to=(ANN, BOB), **keys):
    config = EmailConfig.model_validate(
        {
            "url": f"{scheme}://{user}127.0.0.1:{post.port}",
            "from": "Tenure <nrr@tenure.test>",
            "to": to,
            "ca_bundle": PEM,
            "timeout": 10,
        }
    )
    return Entry(name="a", kind="sink", use="email", plugin=Email(config), **keys)


def pushed(store, post, report=REPORT, **options):
    (done,) = deliver(over(store, a=mailer(post, **options)), store, report)
    return done


def test_a_mail_has_the_report_in_each_form(store, post):
    assert pushed(store, post).error is None
    ((to, mail, _),) = post.mails
    assert (to, mail["To"], mail["Subject"]) == (
        [ANN, BOB], f"{ANN}, {BOB}", "Net revenue retention, 2025-03",
    )  # fmt: skip
    (csv,) = mail.iter_attachments()
    assert csv.get_content().replace("\r\n", "\n") == REPORT.as_csv()
    html = mail.get_body(("html",)).get_content()
    named = {part["Content-ID"].strip("<>") for part in mail.walk() if part["Content-ID"]}
    assert named
    assert all(f'src="cid:{name}"' in html for name in named)
    assert "NRR: 110.00 %" in mail.get_body(("plain",)).get_content()


def test_the_same_figures_are_sent_once(store, post):
    for _ in range(3):
        pushed(store, post)
    assert len(post.mails) == 1
    assert preview(over(store, a=mailer(post)), store, REPORT)[0].changes == []


def test_restated_figures_answer_the_mail_before(store, post):
    pushed(store, post)
    pushed(store, post, BETTER)
    (_, first, _), (_, second, _) = post.mails
    assert second["Subject"] == "Net revenue retention, 2025-03 (restated)"
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert "have changed since" in second.get_body(("html",)).get_content()


@pytest.mark.parametrize("answer", ["451 try later", "250 and gone"])
def test_restated_figures_are_said_to_be_so_at_every_attempt(store, post, answer):
    pushed(store, post)
    post.answers = [answer]
    assert pushed(store, post, BETTER).error is not None
    assert pushed(store, post, BETTER).error is None
    first, last = post.mails[0][1], post.mails[-1][1]
    assert (last["In-Reply-To"], last["Subject"][-10:]) == (first["Message-ID"], "(restated)")


def test_the_next_month_is_a_mail_of_its_own(store, post):
    later = replace(REPORT, rows=(ROW, replace(ROW, period="2025-04")))
    pushed(store, post)
    pushed(store, post, later)
    assert [mail["Subject"][-7:] for _, mail, _ in post.mails] == ["2025-03", "2025-04"]
    assert post.mails[1][1]["In-Reply-To"] is None


def test_a_running_month_alone_is_no_mail(store, post):
    running = replace(ROW, period="2025-04", partial=True, as_of=NOW)
    pushed(store, post)
    pushed(store, post, replace(REPORT, rows=(ROW, running)))
    assert len(post.mails) == 1


def test_a_new_recipient_gets_the_last_one_alone(store, post):
    pushed(store, post, to=(ANN,))
    pushed(store, post, to=(ANN, f"Bob <{BOB}>"))
    assert [to for to, _, _ in post.mails] == [[ANN], [BOB]]


def test_whoever_is_refused_is_tried_again_alone(store, post):
    post.refused[BOB] = "550 no such mailbox\x1b[31m"
    done = pushed(store, post)
    assert "wrote 1 target, and 1 was refused: bob@x.test: 550 no such mailbox" in str(done.error)
    post.refused.clear()
    assert pushed(store, post).error is None
    assert [to for to, _, _ in post.mails] == [[ANN], [BOB]]
    assert len({mail["Message-ID"] for _, mail, _ in post.mails}) == 1


def test_when_nobody_is_taken_nothing_was_sent(store, post):
    post.refused = {ANN: "450 later", BOB: "550 never"}
    assert isinstance(pushed(store, post).error, SourceError)
    assert post.mails == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [("451 try later", TransientError), ("554 looks like spam", SourceError)],
)
def test_a_mail_that_is_refused_was_not_sent(store, post, answer, error):
    post.answers = [answer]
    done = pushed(store, post)
    assert (type(done.error), answer[:3] in str(done.error)) == (error, True)
    assert pushed(store, post).error is None
    assert len(post.mails) == 1


def test_a_lost_answer_is_sent_again_as_the_same_mail(store, post):
    post.answers = ["250 and gone"]
    assert isinstance(pushed(store, post).error, TransientError)
    done = pushed(store, post)
    assert done.changes[0].note == "sent before, and not known to have arrived"
    (_, first, _), (_, again, _) = post.mails
    assert (first["Message-ID"], first["Subject"]) == (again["Message-ID"], again["Subject"])
    assert again["In-Reply-To"] is None


def test_a_server_that_is_not_there(store, post):
    post.port = free_port()
    done = pushed(store, post)
    assert isinstance(done.error, TransientError)
    assert "gave no answer" in str(done.error)


@pytest.mark.parametrize(("scheme", "tls"), [("smtp", "starttls"), ("smtps", "smtps")])
def test_a_password_goes_out_encrypted(store, scheme, tls):
    with serving(Post(), tls) as post:
        assert pushed(store, post, scheme=scheme, user="me%40x:good@").error is None
    assert post.logins == [(b"me@x", b"good", True)]
    assert [tls for _, _, tls in post.mails] == [True]


def test_a_password_is_not_sent_in_the_clear(store, post):
    done = pushed(store, post, user="me:good@")
    assert isinstance(done.error, ConfigError)
    assert "offers no encryption, so it gets no password" in str(done.error)
    assert (post.logins, post.mails) == ([], [])


def test_a_wrong_password_is_not_told(store):
    with serving(Post(), "starttls") as post:
        done = pushed(store, post, user="me:wr0ng-one@", secrets=("wr0ng-one",))
    assert isinstance(done.error, ConfigError)
    assert "refused user and password" in str(done.error)
    assert "wr0ng" not in str(done.error)


def test_a_certificate_of_somebody_else_is_refused(store):
    with serving(Post(), "starttls") as post:
        entry = mailer(post, user="me:good@")
        trusting_others = entry.plugin.config.model_copy(update={"ca_bundle": None})
        (done,) = deliver(
            over(store, a=replace(entry, plugin=Email(trusting_others))), store, REPORT
        )
    assert isinstance(done.error, ConfigError)
    assert "cannot be trusted" in str(done.error)
    assert (post.logins, post.mails) == ([], [])


def alerts(store, post, text):
    entry = mailer(post, alerts=AlertsTable(withheld=True))
    return alerting.send(alerting.Watch(over(store, a=entry), store, WithheldError(text)))


def test_an_alert_is_a_short_mail_whatever_it_says(store, post):
    (done,) = alerts(store, post, "Nothing: \ud800 \r\nBcc: eve@x.test\r\n\r\n<b>")
    ((to, mail, _),) = post.mails
    assert (done.error, to, mail["Bcc"]) == (None, [ANN, BOB], None)
    assert mail["Subject"] == "No figures were published"
    assert "<b>" in mail.get_content()


def test_an_alert_that_one_was_refused_goes_to_that_one_alone(store, post):
    post.refused[BOB] = "450 later"
    assert alerts(store, post, "x")[0].exit_code == 1
    post.refused.clear()
    assert alerts(store, post, "x")[0].error is None
    assert alerts(store, post, "x") == []
    assert [to for to, _, _ in post.mails] == [[ANN], [BOB]]


def test_check_asks_the_server_and_sends_nothing(store, post):
    entry = mailer(post)
    context = lend(over(store, a=entry), entry)
    assert list(entry.plugin.check(context)) == [
        f"can send to 2 recipients by 127.0.0.1:{post.port}"
    ]
    post.refused[BOB] = "550 no such mailbox"
    with pytest.raises(ConfigError, match=r"refuses bob@x\.test: 550 no such mailbox"):
        list(entry.plugin.check(context))
    assert post.mails == []


def test_a_mail_cannot_be_taken_back(store, post):
    done = pushed(store, post)
    with pytest.raises(UsageError, match="cannot take anything back"):
        undo(over(store, a=mailer(post)), store, "a", done.run)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("url = 'mail.test'", "'mail.test': not a mail server; write smtp://host:587"),
        ("url = 'smtp://me:s3cret@h:99999'", "Port out of range"),
        ("from = 'nobody'", "not a mail address"),
        ('from = "a@x.test\\nBcc: eve@x.test"', "not a mail address"),
        ("to = []", "should not be empty"),
        ("to = ['ann']", "not a mail address"),
    ],
)
def test_mistakes_in_its_table(tmp_path, options, said):
    usual = {"url": "'smtp://h'", "from": "'a@x.test'", "to": "['b@x.test']"}
    key, _, value = options.partition(" = ")
    lines = [f"{name} = {text}" for name, text in (usual | {key: value}).items()]
    path = tmp_path / "plugins.toml"
    path.write_text("\n".join(["[sinks.a]", "use = 'email'", *lines]))
    with pytest.raises(ConfigError, match=said) as error:
        load(path)
    assert "s3cret" not in str(error.value)
