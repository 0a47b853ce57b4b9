"""Files: what people send and the bot downloads, what the bot uploads in three steps."""

import mimetypes
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from bot.domain.json import JSON
from tests.emulators.slack_chat import thread_of, writable
from tests.emulators.slack_limits import Refusal, checked_blocks, missing
from tests.emulators.slack_method import Method, Parameters
from tests.emulators.slack_state import Member, Message
from tests.emulators.slack_world import World

_SIGN_IN = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body></body></html>"


@dataclass(eq=False)
class File:
    """A file. `length` was announced; `content` is None until it came.

    `clip`: recorded in Slack (`slack_audio`). `hidden`: of another workspace, so that messages tell its id alone.
    `moved`: where downloads are sent on to.
    """

    id: str
    name: str
    owner: Member
    url: str
    length: int = 0
    content: bytes | None = None
    title: str = ""
    clip: str = ""
    hidden: bool = False
    moved: str = ""

    @property
    def media(self) -> str:
        """Its media type."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    def told(self) -> JSON:
        """The file object in a message."""
        return {"id": self.id, "file_access": "check_file_info"} if self.hidden else self.json()

    def json(self) -> JSON:
        """A file object."""
        kind = self.media
        where = {"url_private": self.url, "url_private_download": f"{self.url}?download=1", "permalink": self.url}
        names = {"name": self.name, "title": self.title or self.name, "mimetype": kind}
        names["filetype"] = self.name.rpartition(".")[2] or "binary"
        flags = {"mode": "hosted", "is_external": False, "is_public": False, "file_access": "visible"}
        flags |= {"subtype": self.clip} if self.clip else {}
        return {"id": self.id, "user": self.owner.id, "size": len(self.content or b""), **names, **flags, **where}


class Files:
    """files.* and the URLs beside them."""

    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self._token = token
        self.files: dict[str, File] = {}
        self.methods = {
            "files.getUploadURLExternal": Method(self.upload_url, {"files:write"}),
            "files.completeUploadExternal": Method(self.complete, {"files:write"}),
            "files.info": Method(self.info, {"files:read"}),
        }

    def routes(self) -> list[web.RouteDef]:
        """What the server has to route here."""
        return [web.post("/upload/{id}", self._take), web.get("/files-pri/{id}/{name}", self._give)]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        return await self._world.befall("upload", request, lambda: self._uploaded(request))

    async def _give(self, request: web.Request) -> web.StreamResponse:
        return await self._world.befall("download", request, lambda: self._download(request))

    def made(self, owner: Member, name: str, content: bytes | None, length: int = 0) -> File:
        """A new file."""
        file_id = self._world.clock.id("F")
        file = File(file_id, name, owner, f"{self._world.url}/files-pri/{file_id}/{quote(name)}", length, content)
        self.files[file_id] = file
        return file

    async def upload_url(self, given: Parameters) -> JSON:
        if not given.get("filename"):
            raise missing("filename")
        if int(given.get("length") or 0) < 1:
            raise Refusal("missing_argument")
        file = self.made(self._world.bot, str(given["filename"]), None, int(given["length"]))
        return {"upload_url": f"{self._world.url}/upload/{file.id}", "file_id": file.id}

    async def complete(self, given: Parameters) -> JSON:
        wanted = given.get("files") or []
        files = [self._found(item.get("id")) for item in wanted]
        for file, item in zip(files, wanted, strict=True):
            if file.content is None:
                raise Refusal("file_not_found")
            file.title = item.get("title") or file.name
        channels = [given["channel_id"]] if given.get("channel_id") else str(given.get("channels") or "").split(",")
        text, shown = str(given.get("initial_comment") or ""), [file.told() for file in files]
        blocks = [] if text else checked_blocks(given.get("blocks") or [])
        for place in [writable(self._world, channel) for channel in channels if channel]:
            thread = thread_of(place, given)
            self._world.post(Message(place, self._world.bot, text, blocks, thread, "file_share", files=shown))
        return {"files": [file.json() for file in files]}

    async def info(self, given: Parameters) -> JSON:
        return {"file": self._found(given.get("file")).json()}

    def _found(self, file_id: JSON) -> File:
        if file_id not in self.files:
            raise Refusal("file_not_found")
        return self.files[file_id]

    async def _uploaded(self, request: web.Request) -> web.StreamResponse:
        """The bytes, as the body or as the one file of a form."""
        file = self.files[request.match_info["id"]]
        if request.content_type == "multipart/form-data":
            fields = [value for value in (await request.post()).values() if isinstance(value, web.FileField)]
            content = fields[0].file.read()
        else:
            content = await request.read()
        if len(content) != file.length:
            return web.Response(status=400, text="length does not match")
        file.content = content
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """Without the token or its scope a page to sign in comes, with status 200, as from Slack."""
        scopes = self._world.feed.scopes
        allowed = scopes is None or "files:read" in scopes
        if not allowed or request.headers.get("Authorization") != f"Bearer {self._token}":
            return web.Response(text=_SIGN_IN, content_type="text/html")
        file = self.files.get(request.match_info["id"])
        if file is None or file.content is None:
            return web.Response(status=404, text="file not found")
        if file.moved:
            return web.Response(status=302, headers={"Location": file.moved})
        return web.Response(body=file.content, content_type=file.media)
