"""The blocks of docs/exim.md, put together as its reader would."""

import re

import mail


def documented(name):
    """The block of docs/exim.md that is marked with the name."""
    return mail.documented(name, "exim.md").replace("example.com", "example.test")


def surrounded(pattern, config, before="", behind=""):
    """The configuration with texts before and behind the one that the pattern finds."""
    config, count = re.subn(pattern, lambda found: f"{before}{found[0]}{behind}", config, flags=re.MULTILINE)
    assert count == 1, (pattern, count)
    return config


def with_options(config, **options):
    """The configuration with these options and macros, which take the place of those of their name."""
    for name, value in options.items():
        config = with_option(config, f"{name} = {value}\n")
    return config


def with_option(config, option):
    name = option.split(" =")[0]
    old = re.compile(rf"^{name} =(?:.*\\\n)*.*\n", re.MULTILINE)
    config, count = old.subn(lambda _: option, config)
    return config if count else option + config


def with_block(config, name, **options):
    """The configuration with a block of docs/exim.md put where the block's comments say."""
    for text in documented(name).strip().split("\n\n"):
        text += "\n"
        if not re.search(r"^\w+:$", text, re.MULTILINE):
            for option in re.findall(r"^\w.* =(?:.*\\\n)*.*\n", text, re.MULTILINE):
                config = with_option(config, option)
        elif place := re.match(r"# (Before|After) (\w+)\.\n", text):
            router = rf"(?:^#.*\n)*^{place[2]}:\n(?:.+\n)+"
            added = {"before": f"{text}\n"} if place[1] == "Before" else {"behind": f"\n{text}"}
            config = surrounded(router, config, **added)
        else:
            config = surrounded("^begin transports\n", config, behind=f"\n{text}")
    return with_options(config, **options)


def refusing_at_data(config):
    """The configuration with the block that judges at RCPT and refuses at DATA."""
    option, acls = documented("refusing at DATA").split("\n\n", 1)
    before, rest = config.split("acl_check_rcpt:\n")
    behind = rest.split("# Writes what was decided")[1]
    return with_option(f"{before}{acls}\n# Writes what was decided{behind}", f"{option}\n")
