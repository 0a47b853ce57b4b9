"""The command line: a file a group of commands."""

import typer

from bot.cli import audit, cost, db, doctor, init, judge, mine, proposals, replay, serve, skills, traces

command = typer.Typer(
    name="apprentice",
    help="A chat bot that learns its users' procedures and executes them once a person approved.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
command.command("demo")(serve.demo)
command.command("chat")(serve.chat)
command.command("run")(serve.run)
command.command("init")(init.init)
command.command("doctor")(doctor.doctor)
command.command("mine")(mine.mine)
command.command("replay")(replay.replay)
command.command("judge")(judge.judge)
command.command("proposals")(proposals.proposals)
command.command("cost")(cost.cost)
command.command("audit")(audit.audit)
command.add_typer(skills.command, name="skills")
command.add_typer(traces.command, name="traces")
command.add_typer(db.command, name="db")
