"""The API: what the page does for a person, for programs that act for one with a personal access token.

The same acts, rights and scope as on the page, and the same JSON as `flask report`. The package flask-smorest makes the
OpenAPI document of what stands here.
"""

from __future__ import annotations

import secrets
from typing import Any

import flask
from flask.views import MethodView
from flask_smorest import Api, Blueprint
from marshmallow import INCLUDE, Schema, fields, validate
from werkzeug.exceptions import HTTPException

from callbacks.gate import asking, token_key
from data.access import VISIBILITIES, Right
from data.acts import asking as acts
from data.acts import links as link_acts
from data.acts.files import order
from data.delivery.asked import Asked
from data.delivery.formats import FORMAT
from data.errors import UserError
from data.report.dimensions import DIMENSION
from data.report.filters import FILTERS
from data.report.period import QUICK_RANGES, Bound, quick_range_dates, today_in
from data.report.query import ReportQuery
from data.services import Services
from data.store.audit import Act
from data.store.clock import utc_now
from data.store.jobs import Job
from data.store.links import Link
from data.store.templates import Draft, Template
from data.version import VERSION
from layouts.links import path

PREFIX = "/api/v1"
_MOST_TEXT = 1000
_PER_MINUTE = "120 per minute"


class _Strict(Schema):
    """What is not known is refused by name (marshmallow's own way)."""


def _query_fields() -> dict[str, fields.Field[Any]]:
    """A question, from the entries of filters and groupings."""
    text = validate.Length(max=64)
    known: dict[str, fields.Field[Any]] = {
        "from": fields.String(validate=text, metadata={"description": "First local date, or date and time."}),
        "to": fields.String(validate=text, metadata={"description": "Last local date, or date and time (exclusive)."}),
        "quick_range": fields.String(
            validate=validate.OneOf(list(QUICK_RANGES)),
            metadata={"description": "In place of from and to: a range that moves with the day."},
        ),
        "timezone": fields.String(load_default="UTC", validate=text, metadata={"description": "IANA name."}),
        "group_by": fields.List(
            fields.String(validate=validate.OneOf(list(DIMENSION))), load_default=[], validate=validate.Length(max=20)
        ),
        "currency": fields.String(validate=text, metadata={"description": "ISO 4217; the base currency if not given."}),
        "active_duration": fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 120)),
    }
    return known | {
        item.id: fields.List(
            fields.String(validate=validate.Length(max=_MOST_TEXT)),
            load_default=[],
            validate=validate.Length(max=10_000),
            metadata={"description": f"{item.help} Ids are written as text."},
        )
        for item in FILTERS
    }


_Question = _Strict.from_dict(_query_fields(), name="Question")


class _AnyObject(Schema):
    class Meta:
        unknown = INCLUDE


class _Problem(Schema):
    error = fields.String(required=True, metadata={"description": "What happened and what to do, in a sentence."})
    field = fields.String(allow_none=True, metadata={"description": "What to change, where one field is at fault."})


class _Api(Api):
    """What goes wrong is told as JSON below its own addresses; the page's are answered in a sentence, as ever."""

    def _register_error_handlers(self) -> None:
        """None for the whole application, as it would by itself."""


class _LinkOrder(_Strict):
    query = fields.Nested(_Question, required=True)
    title = fields.String(validate=validate.Length(1, 100))


class _TemplateOrder(_Strict):
    title = fields.String(required=True, validate=validate.Length(1, 100))
    query = fields.Nested(_Question, required=True)
    description = fields.String(load_default="", validate=validate.Length(max=_MOST_TEXT))
    visibility = fields.String(load_default="me", validate=validate.OneOf(list(VISIBILITIES)))
    output = fields.String(load_default="web", validate=validate.OneOf(["web", *FORMAT]))


class _FileOrder(_Strict):
    query = fields.Nested(_Question, required=True)
    output = fields.String(required=True, validate=validate.OneOf(list(FORMAT)))
    send_to = fields.List(fields.Email(), load_default=[], validate=validate.Length(max=50))
    title = fields.String(load_default="", validate=validate.Length(max=100))


def register(server: flask.Flask, services: Services) -> None:
    """Register the API on ``server``."""
    server.config.update(
        API_TITLE="Customer Dynamics",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    security = {
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    }
    api = _Api(server, spec_kwargs=security)
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX, description="Reports, links, templates and files.")
    blueprint.register_error_handler(HTTPException, api.handle_http_exception)
    _reports(blueprint, services)
    _links(blueprint, services)
    _templates(blueprint, services)
    _files(blueprint, services)
    api.register_blueprint(blueprint)
    server.extensions["csrf"].exempt(blueprint)

    @server.before_request
    def slow_down() -> None:
        """So many requests a minute for each token, whichever server they reach."""
        if flask.request.path.startswith(f"{PREFIX}/"):
            services.records.throttle.take(_PER_MINUTE, "api", token_key(), what="Too many requests")


def _question(services: Services, given: dict[str, Any]) -> ReportQuery:
    """The question of a request. Raises :class:`UserError`."""
    zone, quick_range = given["timezone"], given.get("quick_range")
    common = {
        "timezone": zone,
        "group_by": given["group_by"],
        "currency": given.get("currency") or services.settings.base_currency,
        "active_duration": given["active_duration"],
        **{item.id: given[item.id] for item in FILTERS},
    }
    if quick_range is not None:
        if given.get("from") or given.get("to"):
            raise UserError("Give quick_range, or from and to: not both.", field="quick_range")
        ReportQuery(start=Bound(utc_now().date()), end=Bound(utc_now().date()), timezone=zone).check()
        first, last = quick_range_dates(quick_range, today_in(zone, utc_now()))
        common |= {"from": str(first), "to": str(last), "quick_range": quick_range}
        return ReportQuery.from_json(common).check()
    for name in ("from", "to"):
        if not given.get(name):
            raise UserError(f"{name} is missing: give a date like 2026-01-31, or quick_range.", field=name)
    return ReportQuery.from_json({**common, "from": given["from"], "to": given["to"]}).check()


def _run_id() -> str:
    return f"api-{secrets.token_urlsafe(12)}"


def _reports(blueprint: Blueprint, services: Services) -> None:
    def answer(given: dict[str, Any]) -> flask.Response:
        user = asking()
        user.require(Right.VIEW)
        answered = acts.ask(services, user, _question(services, given), run_id=_run_id())
        return flask.jsonify(answered.result.to_json())

    @blueprint.route("/reports")
    class Reports(MethodView):
        """A report, answered at once, in the JSON of `flask report`."""

        @blueprint.arguments(_Question, location="query")
        @blueprint.response(200, _AnyObject)
        @blueprint.alt_response(400, schema=_Problem)
        def get(self, given: dict[str, Any]) -> flask.Response:
            """Ask a report with the question in the address."""
            return answer(given)

        @blueprint.arguments(_Question)
        @blueprint.response(200, _AnyObject)
        @blueprint.alt_response(400, schema=_Problem)
        def post(self, given: dict[str, Any]) -> flask.Response:
            """Ask a report with the question in the body."""
            return answer(given)


def _link_json(services: Services, link: Link) -> dict[str, Any]:
    return {
        "id": link.id,
        "url": services.settings.address + path(link.id),
        "title": link.title,
        "state": link.state,
        "created_at": link.created_at.isoformat() + "Z",
        "expires_at": None if link.expires_at is None else link.expires_at.isoformat() + "Z",
        "rows": link.row_count,
        "opened": link.open_count,
        "query": None if link.query is None else link.query.to_json(),
    }


def _links(blueprint: Blueprint, services: Services) -> None:
    snapshots = services.records.snapshots

    @blueprint.route("/links")
    class Links(MethodView):
        """Links to frozen reports: whoever opens one sees exactly the figures of its moment."""

        @blueprint.response(200, _AnyObject)
        def get(self) -> flask.Response:
            """List your links, the newest 200."""
            user = asking()
            return flask.jsonify(links=[_link_json(services, link) for link in snapshots.mine(user, limit=200)])

        @blueprint.arguments(_LinkOrder)
        @blueprint.response(201, _AnyObject)
        @blueprint.alt_response(400, schema=_Problem)
        def post(self, given: dict[str, Any]) -> tuple[flask.Response, int]:
            """Run a report and keep it behind a new link."""
            user = asking()
            user.require(Right.SHARE)
            query = _question(services, given["query"])
            made = acts.publish(services, user, query, run_id=_run_id(), title=given.get("title"))
            return flask.jsonify(_link_json(services, link_acts.copy(services, user, made.link.id, None))), 201

    @blueprint.route("/links/<string:link_id>")
    class OneLink(MethodView):
        """One link."""

        @blueprint.response(200, _AnyObject)
        @blueprint.alt_response(404, schema=_Problem)
        def get(self, link_id: str) -> flask.Response:
            """The frozen report behind a link, in the JSON of `flask report`."""
            user = asking()
            user.require(Right.VIEW)
            return flask.jsonify(link_acts.open_link(services, user, link_id).result.to_json())

        @blueprint.response(204)
        @blueprint.alt_response(404, schema=_Problem)
        def delete(self, link_id: str) -> tuple[str, int]:
            """Revoke a link of yours."""
            user = asking()
            user.require(Right.SHARE)
            link_acts.revoke(services, user, link_id)
            return "", 204


def _template_json(template: Template) -> dict[str, Any]:
    return {
        "id": template.id,
        "title": template.title,
        "description": template.description,
        "visibility": template.visibility,
        "owner": template.owner_name,
        "output": template.asked.output,
        "query": template.query.to_json(),
        "updated_at": template.updated_at.isoformat() + "Z",
    }


def _templates(blueprint: Blueprint, services: Services) -> None:
    templates = services.records.templates

    @blueprint.route("/templates")
    class Templates(MethodView):
        """Saved questions."""

        @blueprint.response(200, _AnyObject)
        def get(self) -> flask.Response:
            """List the templates that you may load."""
            return flask.jsonify(templates=[_template_json(item) for item in templates.visible_to(asking())])

        @blueprint.arguments(_TemplateOrder)
        @blueprint.response(201, _AnyObject)
        @blueprint.alt_response(400, schema=_Problem)
        def post(self, given: dict[str, Any]) -> tuple[flask.Response, int]:
            """Save a new template."""
            user = asking()
            user.require(Right.TEMPLATES)
            draft = Draft(
                title=given["title"],
                asked=Asked(_question(services, given["query"]), given["output"]),
                description=given["description"],
                visibility=given["visibility"],
            )
            template = templates.create(draft, user)
            _note(services, Act.TEMPLATE_SAVED, template.title)
            return flask.jsonify(_template_json(template)), 201

    @blueprint.route("/templates/<string:template_id>")
    class OneTemplate(MethodView):
        """One template."""

        @blueprint.response(200, _AnyObject)
        @blueprint.alt_response(404, schema=_Problem)
        def get(self, template_id: str) -> flask.Response:
            """A template that you may load."""
            return flask.jsonify(_template_json(templates.get(template_id, asking())))

        @blueprint.response(204)
        @blueprint.alt_response(404, schema=_Problem)
        def delete(self, template_id: str) -> tuple[str, int]:
            """Delete a template of yours."""
            user = asking()
            user.require(Right.TEMPLATES)
            title = templates.get(template_id, user).title
            templates.delete(template_id, user)
            _note(services, Act.TEMPLATE_DELETED, title)
            return "", 204


def _file_json(services: Services, job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "title": job.title,
        "state": job.state,
        "stage": job.stage,
        "output": job.asked.output,
        "query": job.asked.query.to_json(),
        "created_at": job.created_at.isoformat() + "Z",
        "finished_at": None if job.finished_at is None else job.finished_at.isoformat() + "Z",
        "fault": job.fault,
        "name": job.file_name,
        "size": job.size,
        "rows": job.row_count,
        "content": f"{services.settings.address}{PREFIX}/files/{job.id}/content" if job.file_name else None,
        "deliveries": [{"address": item.address, "state": item.state, "said": item.said} for item in job.deliveries],
    }


def _files(blueprint: Blueprint, services: Services) -> None:
    jobs = services.records.jobs

    @blueprint.route("/files")
    class Files(MethodView):
        """Reports as files, made by a worker."""

        @blueprint.response(200, _AnyObject)
        def get(self) -> flask.Response:
            """List your files, the newest 100."""
            return flask.jsonify(files=[_file_json(services, job) for job in jobs.of(asking())])

        @blueprint.arguments(_FileOrder)
        @blueprint.response(202, _AnyObject)
        @blueprint.alt_response(400, schema=_Problem)
        def post(self, given: dict[str, Any]) -> tuple[flask.Response, int]:
            """Let a worker make a file, and send it if addresses are given."""
            asked = Asked(_question(services, given["query"]), given["output"], tuple(given["send_to"]))
            job = order(services, asking(), asked, title=given["title"] or None, origin="api")
            return flask.jsonify(_file_json(services, job)), 202

    @blueprint.route("/files/<string:file_id>")
    class OneFile(MethodView):
        """One file."""

        @blueprint.response(200, _AnyObject)
        @blueprint.alt_response(404, schema=_Problem)
        def get(self, file_id: str) -> flask.Response:
            """How a file of yours stands."""
            return flask.jsonify(_file_json(services, jobs.get(file_id, asking())))

        @blueprint.response(204)
        @blueprint.alt_response(404, schema=_Problem)
        def delete(self, file_id: str) -> tuple[str, int]:
            """Cancel a file that is being made, or delete one that is there."""
            user = asking()
            if jobs.get(file_id, user).over:
                jobs.forget(file_id, user)
            else:
                jobs.withdraw(file_id, user)
            return "", 204

    @blueprint.route("/files/<string:file_id>/content")
    class Content(MethodView):
        """What is in a file."""

        @blueprint.response(200, content_type="application/octet-stream")
        @blueprint.alt_response(404, schema=_Problem)
        def get(self, file_id: str) -> flask.Response:
            """Download a file of yours."""
            user = asking()
            user.require(Right.EXPORT)
            made = jobs.file(file_id, user)
            response = flask.Response(made.content, content_type=made.mime)
            response.headers.set("Content-Disposition", "attachment", filename=made.name)
            return response


def _note(services: Services, act: Act, subject: str, **detail: str) -> None:
    services.records.audit.write(act, asking(), subject, address=flask.request.remote_addr or "", how="api", **detail)
