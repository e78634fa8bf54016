"""Modules that are imported while time is frozen, each of them in a process of its own."""

import datetime
import subprocess
import sys
import textwrap
import threading
import time
from importlib import import_module, reload
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from freezegun import freeze_time
from freezegun.api import FakeDatetime

from mock_inspector import mock_inspector
from mock_inspector.clock import import_hook
from mock_inspector.clock.import_hook import on_import

UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2016, 3, 29, 22, tzinfo=UTC)
REAL = (datetime.datetime, datetime.date, time.time, time.monotonic)

HOLDER = """
    import datetime as module
    import time as clock
    from datetime import date, datetime
    from time import monotonic, time

    TABLE = {datetime: "datetime", date: "date"}
    IMPORTED_AT = module.datetime.now(module.timezone.utc), clock.time(), clock.monotonic()

    class Scan:
        made_by = datetime
        clock = monotonic  # a function of Python's would be bound as a method

        def at(self, default=time): return default

    class Moment(datetime):
        pass

    def now(): return datetime.now(module.timezone.utc), time(), monotonic()
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write modules that can be imported, and are forgotten after the test."""
    names = []

    def write(**sources):
        for name, source in sources.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(source))
            names.append(name)
        return tmp_path

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    # coverage.py looks at a changed sys.path when the next new file is executed, and removes what other threads put
    # into sys.modules meanwhile: such a file is executed before a test begins threads.
    write(executed_first="")
    import_module("executed_first")
    yield write
    for name in list(sys.modules):
        if name.partition(".")[0] in {name.partition("/")[0] for name in names}:
            del sys.modules[name]


def assert_executed_with_real_classes(module):
    assert set(module.TABLE) == {REAL[0], REAL[1]}
    assert module.Scan.made_by is REAL[0]
    assert module.Moment.__mro__[1] is REAL[0]
    assert module.Scan().clock() != MOMENT.timestamp()
    assert module.Scan().at() is REAL[2]
    at, seconds, monotonic = module.IMPORTED_AT
    assert type(at) is REAL[0]
    assert abs(at.timestamp() - seconds) < 60
    assert at > MOMENT + datetime.timedelta(1)
    assert monotonic != MOMENT.timestamp()


def assert_frozen(module, moment=MOMENT):
    assert module.now() == (moment, moment.timestamp(), moment.timestamp())


def assert_real(module):
    assert (module.datetime, module.date, module.time, module.monotonic) == REAL


# What a module sees


def test_a_module_gets_the_fakes_of_freezegun_that_it_asks_for(package):
    package(
        user_of_fakes="from datetime import datetime\nfrom freezegun.api import FakeDatetime",
        importer_of_fakes="from user_of_fakes import FakeDatetime, datetime\nseen = [FakeDatetime, datetime]",
    )
    with mock_inspector(at=MOMENT):
        user, importer = import_module("user_of_fakes"), import_module("importer_of_fakes")
        assert importer.seen == [FakeDatetime, REAL[0]]
    for module in (user, importer):
        assert (module.FakeDatetime, module.datetime) == (FakeDatetime, REAL[0])


@pytest.mark.parametrize("sleep", [True, False])
def test_a_module_is_executed_as_if_it_had_been_imported_before(package, sleep):
    package(holder_of_time=HOLDER)
    with mock_inspector(at=MOMENT, sleep=sleep):
        module = import_module("holder_of_time")
        assert_executed_with_real_classes(module)
        assert_frozen(module)
        assert datetime.datetime.now(UTC) == MOMENT
        assert type(datetime) is type(time) is type(sys)
    assert_real(module)
    with mock_inspector(at=MOMENT):
        assert_frozen(module)
    assert_real(module)


def test_modules_that_it_imports_are_too(package):
    package(
        **{
            "outer_holder": "import nested.middle\n" + textwrap.dedent(HOLDER),
            "nested/__init__": "",
            "nested/middle": "from nested.inner import *\nfrom nested.inner import Scan, Moment, TABLE, IMPORTED_AT, now",
            "nested/inner": HOLDER,
        }
    )
    with mock_inspector(at=MOMENT):
        modules = [import_module("outer_holder"), *(sys.modules[f"nested.{name}"] for name in ("middle", "inner"))]
        for module in modules:
            assert_executed_with_real_classes(module)
            assert_frozen(module)
    for module in modules:
        assert_real(module)


def test_what_other_modules_export_is_real_for_it(package):
    package(exporter="from datetime import datetime\ndef now(): return datetime.now()")
    exporter = import_module("exporter")
    package(importer="import exporter\nfrom exporter import datetime\nTABLE = {datetime: 1}\nNOW = exporter.now()")
    with mock_inspector(at=MOMENT):
        importer = import_module("importer")
        assert importer.datetime is exporter.datetime is not REAL[0]
    assert list(importer.TABLE) == [REAL[0]]
    assert importer.NOW.year > MOMENT.year
    assert importer.datetime is exporter.datetime is REAL[0]


@pytest.mark.parametrize(
    "freezer",
    [
        lambda: [freeze_time(MOMENT), mock_inspector()],
        lambda: [mock_inspector(freeze=False), freeze_time(MOMENT)],
        lambda: [mock_inspector(at="2001-01-01"), freeze_time(MOMENT)],
    ],
    ids=["around the mock", "in a mock that does not freeze", "in the mock"],
)
def test_it_does_not_matter_who_has_frozen_time(package, freezer):
    package(holder_of_time=HOLDER)
    first, second = freezer()
    with first, second:
        module = import_module("holder_of_time")
        assert_executed_with_real_classes(module)
        assert_frozen(module)
    assert_real(module)


def test_a_module_that_freezes_time_itself_sees_that(package):
    package(freezing="from freezegun import freeze_time\nimport time\nwith freeze_time('2020-02-29'): AT = time.time()")
    with mock_inspector(at=MOMENT):
        module = import_module("freezing")
    assert datetime.datetime.fromtimestamp(module.AT, UTC).date() == datetime.date(2020, 2, 29)


def test_a_module_that_calls_the_mock_finds_its_clock(package, client):
    package(handler="from tests.clock.test_late_imports import calls\nTARGET = calls()")
    global calls  # noqa: PLW0603  what the module imports

    def calls():
        arn = client.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
        return client.describe_assessment_targets(assessmentTargetArns=[arn])["assessmentTargets"][0]

    with mock_inspector(at=MOMENT) as backend:
        assert import_module("handler").TARGET["createdAt"] == MOMENT
        assert backend.clock.now() == MOMENT


# Ways to import


def test_a_module_that_is_reloaded(package):
    package(holder_of_time=HOLDER)
    module = import_module("holder_of_time")
    with mock_inspector(at=MOMENT):
        assert_frozen(module)
        reload(module)
        assert_executed_with_real_classes(module)
        assert_frozen(module)
    assert_real(module)


@pytest.mark.parametrize("register", [True, False])
def test_a_file_that_is_loaded_by_hand(package, register):
    path = package(**{"scan/handler": HOLDER}) / "scan" / "handler.py"
    with mock_inspector(at=MOMENT):
        spec = spec_from_file_location("handler_of_the_test", path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        if register:
            sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        assert_executed_with_real_classes(module)
        assert_frozen(module)
    sys.modules.pop(spec.name, None)
    assert_real(module)


def test_a_lazy_loader(package):
    from importlib.util import LazyLoader, find_spec

    package(holder_of_time=HOLDER)
    with mock_inspector(at=MOMENT, sleep=False):
        spec = find_spec("holder_of_time")
        assert spec is not None
        assert spec.loader is not None
        spec.loader = LazyLoader(spec.loader)
        module = module_from_spec(spec)
        sys.modules["holder_of_time"] = module
        spec.loader.exec_module(module)
        assert object.__getattribute__(module, "__class__").__name__ == "_LazyModule"
        with mock_inspector():
            pass
        assert object.__getattribute__(module, "__class__").__name__ == "_LazyModule", "it is not loaded by the mock"
        assert module.TABLE
        assert_executed_with_real_classes(module)
        assert_frozen(module)
    assert_real(module)


def test_a_lazy_module_that_is_loaded_after_the_mock(package):
    from importlib.util import LazyLoader, find_spec

    package(holder_of_time=HOLDER)
    with mock_inspector(at=MOMENT, sleep=False):
        spec = find_spec("holder_of_time")
        assert spec is not None
        assert spec.loader is not None
        spec.loader = LazyLoader(spec.loader)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    assert_executed_with_real_classes(module)
    assert_real(module)


def test_a_submodule_that_its_package_loads_on_first_use(package):
    init = """
        def __getattr__(name):
            if name == "inner":
                from importlib import import_module
                return import_module("lazy_package.inner")
            raise AttributeError(name)
    """
    package(**{"lazy_package/__init__": init, "lazy_package/inner": HOLDER})
    module = import_module("lazy_package")
    with mock_inspector(at=MOMENT):
        assert "lazy_package.inner" not in sys.modules
        assert_executed_with_real_classes(module.inner)
        assert_frozen(module.inner)
    assert_real(module.inner)


def test_a_namespace_package(package):
    package(**{"namespace_of_the_test/inner": HOLDER})
    with mock_inspector(at=MOMENT):
        module = import_module("namespace_of_the_test.inner")
        assert_executed_with_real_classes(module)
        assert_frozen(module)
        assert import_module("namespace_of_the_test").__file__ is None
    assert_real(module)


def test_a_module_in_a_zip_file(tmp_path, monkeypatch):
    from zipfile import ZipFile

    with ZipFile(tmp_path / "modules.zip", "w") as file:
        file.writestr("zipped_holder.py", textwrap.dedent(HOLDER))
    monkeypatch.syspath_prepend(str(tmp_path / "modules.zip"))
    with mock_inspector(at=MOMENT):
        module = import_module("zipped_holder")
        assert_executed_with_real_classes(module)
        assert_frozen(module)
    assert_real(module)


def test_a_module_whose_assertions_pytest_rewrites(package):
    pytest.register_assert_rewrite("rewritten_holder")
    package(rewritten_holder=HOLDER)
    with mock_inspector(at=MOMENT):
        module = import_module("rewritten_holder")
        assert type(module.__loader__).__name__ == "AssertionRewritingHook"
        assert_executed_with_real_classes(module)
        assert_frozen(module)
    assert_real(module)


def test_the_loader_of_a_module_is_the_usual_one(package):
    from importlib.machinery import SourceFileLoader

    package(holder_of_time=HOLDER)
    before = vars(SourceFileLoader)
    with mock_inspector():
        module = import_module("holder_of_time")
        assert type(module.__loader__) is SourceFileLoader
        assert module.__spec__ is not None
        assert module.__spec__.loader is module.__loader__
    assert vars(SourceFileLoader) == before


# Imports that fail


def test_a_module_that_fails(package):
    package(
        failing="import good_one\nfrom datetime import datetime\nTABLE = {datetime: 1}\n1 / 0",
        good_one=HOLDER,
    )
    with mock_inspector(at=MOMENT):
        with pytest.raises(ZeroDivisionError):
            import_module("failing")
        assert "failing" not in sys.modules
        assert_executed_with_real_classes(sys.modules["good_one"])
        assert_frozen(sys.modules["good_one"])
        assert datetime.datetime.now(UTC) == MOMENT
        with pytest.raises(ImportError, match="no_such_module_anywhere"):
            import_module("no_such_module_anywhere")
        assert time.time() == MOMENT.timestamp()
    assert_real(sys.modules["good_one"])
    assert type(datetime) is type(time) is type(sys)


def test_the_traceback_of_a_module_that_fails_has_no_line_of_the_mock(package):
    package(failing_module="1 / 0")
    with mock_inspector(), pytest.raises(ZeroDivisionError) as raised:
        import failing_module  # type: ignore[import-not-found]  # noqa: F401

    assert [Path(str(entry.path)).name for entry in raised.traceback] == ["test_late_imports.py", "failing_module.py"]


def test_a_module_that_warns_its_importer_warns_the_right_one(package):
    package(warning_module="import warnings\nwarnings.warn('it is old', DeprecationWarning, stacklevel=2)")
    with mock_inspector(), pytest.warns(DeprecationWarning, match="it is old") as warned:
        import warning_module  # type: ignore[import-not-found]  # noqa: F401

    assert [warning.filename for warning in warned] == [__file__]


def test_a_module_in_the_middle_of_which_the_mock_ends(package):
    package(
        ending="from tests.clock.test_late_imports import end\nimport time\nend()\nfrom datetime import datetime\nAT = time.time()"
    )
    global end  # noqa: PLW0603  what the module imports
    mock = mock_inspector(at=MOMENT)
    mock.__enter__()

    def end():
        mock.__exit__(None, None, None)

    module = import_module("ending")

    assert module.datetime is REAL[0]
    assert type(datetime) is type(time) is type(sys)
    assert datetime.datetime is REAL[0]


# Threads


def test_other_threads_see_the_mocks_time_while_a_module_is_imported(package):
    package(
        slow_module="""
            import threading
            from datetime import datetime
            from tests.clock.test_late_imports import STEPS
            STEPS["begun"].set()
            assert STEPS["read"].wait(60)
            AT = datetime.now()
        """
    )
    for step in STEPS.values():
        step.clear()
    errors: list[BaseException] = []

    def load():
        try:
            import_module("slow_module")
        except BaseException as error:  # noqa: BLE001  it is shown by the test
            errors.append(error)

    with mock_inspector(at=MOMENT, sleep=False) as backend:
        thread = threading.Thread(target=load)
        thread.start()
        try:
            assert STEPS["begun"].wait(60) or errors
            for _ in range(100):
                assert datetime.datetime.now(UTC) == backend.clock.now() == MOMENT
                assert datetime.date.today() == MOMENT.date()
                assert time.time() == time.monotonic() == MOMENT.timestamp()
                assert datetime.datetime is not REAL[0]
        finally:
            STEPS["read"].set()
            thread.join(60)
        assert errors == []
        assert sys.modules["slow_module"].AT.year > MOMENT.year
        assert sys.modules["slow_module"].datetime.now(UTC) == MOMENT


STEPS = {"begun": threading.Event(), "read": threading.Event()}


def test_several_threads_import_at_the_same_time(package):
    count = 8
    barrier = "from tests.clock.test_late_imports import BARRIER\nBARRIER.wait(60)\n"
    package(**{f"parallel_{number}": barrier + textwrap.dedent(HOLDER) for number in range(count)})
    with mock_inspector(at=MOMENT, sleep=False):
        threads = [threading.Thread(target=import_module, args=(f"parallel_{number}",)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        modules = [sys.modules[f"parallel_{number}"] for number in range(count)]
        for module in modules:
            assert_executed_with_real_classes(module)
            assert_frozen(module)
        assert type(datetime) is type(time) is type(sys)
    for module in modules:
        assert_real(module)


BARRIER = threading.Barrier(8)


# Libraries, in processes of their own


def run(script):
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


CERTIFICATE = """
def certify():
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, UNTIL, UNTIL)
    return builder.sign(key, hashes.SHA256())
"""


@pytest.mark.slow
@pytest.mark.parametrize("imports", ["from cryptography import x509", "", "certify()"])
def test_cryptography_takes_real_moments_inside_and_afterwards(imports):
    pytest.importorskip("cryptography.x509")
    run(f"""
        import datetime
        from mock_inspector import mock_inspector
        UNTIL = datetime.datetime(2030, 1, 1)
{textwrap.indent(CERTIFICATE, " " * 8)}
        {imports}
        with mock_inspector():
            certify()
            UNTIL = datetime.datetime(2030, 1, 1)
            certify()
        certify()
    """)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("library", "use"),
    [
        ("numpy", "numpy.datetime64(datetime.datetime.now())"),
        ("pandas", "pandas.DataFrame({'at': [datetime.datetime.now()]})['at'].dt.year"),
        ("pyarrow", "pyarrow.array([datetime.datetime.now()])"),
        ("polars", "polars.DataFrame({'at': [datetime.datetime(2020, 1, 1)]}, {'at': polars.Datetime})"),
        ("pydantic", "pydantic.TypeAdapter(datetime.datetime).validate_python('2020-01-01')"),
        ("sqlalchemy", "sqlalchemy.Column(sqlalchemy.DateTime)"),
        ("cryptography.x509", "cryptography.x509"),
        ("lxml.etree", "lxml.etree"),
        ("yaml", "yaml.safe_load('2020-01-01')"),
    ],
)
def test_a_library_is_imported_for_the_first_time(library, use):
    pytest.importorskip(library)
    run(f"""
        import datetime, sys, warnings
        from mock_inspector import mock_inspector
        with mock_inspector():
            assert {library!r} not in sys.modules
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                import {library}
            {use}
        {use}
        with mock_inspector():
            {use}
    """)


@pytest.mark.slow
def test_a_pydantic_model_can_be_declared_inside_when_pydantic_was_there_before():
    # In a process of its own: pydantic does not survive that a bare freeze_time() is what first imports it.
    pytest.importorskip("pydantic")
    run("""
        import datetime, pydantic
        from mock_inspector import mock_inspector
        with mock_inspector(at="2016-03-29T22:00:00Z") as backend:
            class Scan(pydantic.BaseModel):
                at: datetime.datetime
                on: datetime.date | None = None
            assert Scan(at=datetime.datetime.now(datetime.timezone.utc)).at == backend.clock.now()
        assert type(Scan.model_validate({"at": "2020-02-29T00:00:00Z"}).at) is datetime.datetime
        assert Scan.model_json_schema()["properties"]["at"]["format"] == "date-time"
    """)


@pytest.mark.slow
def test_pydantic_models_can_be_declared_inside_and_afterwards():
    pytest.importorskip("pydantic")
    run("""
        import datetime
        from mock_inspector import mock_inspector
        with mock_inspector(at="2016-03-29T22:00:00Z"):
            import pydantic
            class Inside(pydantic.BaseModel):
                at: datetime.datetime
            assert Inside(at=datetime.datetime.now()).at.year == 2016
        class After(pydantic.BaseModel):
            at: datetime.datetime
            on: datetime.date
        After(at=datetime.datetime.now(), on=datetime.date.today())
        assert type(Inside(at="2020-01-01T00:00:00").at) is datetime.datetime
    """)


@pytest.mark.parametrize(
    ("libraries", "declare"),
    [
        (
            "pydantic fastapi httpx",
            """
            app = fastapi.FastAPI()
            class Scan(pydantic.BaseModel):
                at: datetime.datetime
            @app.get("/")
            def scan(since: datetime.datetime) -> Scan:
                return Scan(at=since)
            """,
        ),
        (
            "sqlalchemy sqlalchemy.orm",
            """
            class Base(sqlalchemy.orm.DeclarativeBase):
                pass
            class Scan(Base):
                __tablename__ = "scan"
                id: sqlalchemy.orm.Mapped[int] = sqlalchemy.orm.mapped_column(primary_key=True)
                at: sqlalchemy.orm.Mapped[datetime.datetime]
            """,
        ),
        (
            "typer typer.testing",
            """
            app = typer.Typer()
            @app.command()
            def scan(at: datetime.datetime = typer.Argument(...)):
                print(at)
            assert typer.testing.CliRunner().invoke(app, ["2020-01-01"]).exit_code == 0
            """,
        ),
    ],
    ids=["FastAPI", "SQLAlchemy", "typer"],
)
def test_types_are_real_with_time_machine(libraries, declare):
    for library in libraries.split():
        pytest.importorskip(library)
    run(
        "import datetime\n"
        + "".join(f"import {library}\n" for library in libraries.split())
        + "from mock_inspector import mock_inspector\n"
        + 'with mock_inspector(freeze="time-machine"):\n'
        + textwrap.indent(textwrap.dedent(declare), "    ")
    )


EXTENSION = """
    #include <Python.h>
    #include <datetime.h>

    static PyObject *seen;

    static int look(PyObject *module) {
        PyObject *datetime = PyImport_ImportModule("datetime");
        if (datetime == NULL) return -1;
        PyDateTime_IMPORT;
        PyObject *found = PyObject_GetAttrString(datetime, "datetime");
        PyObject *same = PyBool_FromLong(found == (PyObject *)PyDateTimeAPI->DateTimeType);
        return PyModule_AddObject(module, "saw_the_real_class", same);
    }

    #ifdef SINGLE_PHASE
    static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, NAME, NULL, -1};
    PyMODINIT_FUNC INIT(void) {
        PyObject *module = PyModule_Create(&definition);
        if (module != NULL && look(module) < 0) return NULL;
        return module;
    }
    #else
    static PyModuleDef_Slot slots[] = {{Py_mod_exec, look}, {0, NULL}};
    static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, NAME, NULL, 0, NULL, slots};
    PyMODINIT_FUNC INIT(void) { return PyModuleDef_Init(&definition); }
    #endif
"""


@pytest.mark.slow
@pytest.mark.parametrize("phases", ["SINGLE_PHASE", "MULTI_PHASE"])
def test_an_extension_module_sees_the_real_class(tmp_path, phases):
    import shutil
    import sysconfig

    compiler, headers = shutil.which("cc"), sysconfig.get_path("include")
    if compiler is None or not (Path(headers) / "Python.h").exists():
        pytest.skip("there is no C compiler, or Python's headers are missing")
    name = f"extension_{phases.lower()}"
    (tmp_path / f"{name}.c").write_text(EXTENSION)
    built = tmp_path / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
    macros = [f"-D{phases}", f'-DNAME="{name}"', f"-DINIT=PyInit_{name}"]
    subprocess.run(
        [compiler, "-shared", "-fPIC", *macros, f"-I{headers}", "-o", str(built), str(tmp_path / f"{name}.c")],
        check=True,
        timeout=120,
    )
    run(f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from mock_inspector import mock_inspector
        with mock_inspector():
            import {name}
            assert {name}.saw_the_real_class
    """)


# The import hook


@pytest.fixture
def callbacks(monkeypatch):
    """What is registered by a test is forgotten after it."""
    monkeypatch.setattr(import_hook, "_callbacks", {})


@pytest.mark.usefixtures("callbacks")
def test_a_callback_gets_the_module_once_it_was_imported(package):
    package(awaited="X = 1", other="X = 1")
    modules: list[object] = []
    on_import("awaited", lambda module: modules.append((module.__name__, module.X)))
    with mock_inspector():
        import_module("other")
        assert modules == []
        module = import_module("awaited")
        reload(module)
    reload(module)
    assert modules == [("awaited", 1)] * 2


@pytest.mark.usefixtures("callbacks")
def test_a_callback_gets_no_module_that_failed(package):
    package(failing="1 / 0")

    def fail(module):
        pytest.fail("it was called")

    on_import("failing", fail)
    with mock_inspector(), pytest.raises(ZeroDivisionError):
        import_module("failing")


def test_no_loader_is_replaced_outside_of_a_mock():
    from importlib.abc import InspectLoader
    from importlib.machinery import ExtensionFileLoader, SourceFileLoader

    def methods():
        return [SourceFileLoader.exec_module, ExtensionFileLoader.exec_module, InspectLoader.exec_module]

    before = methods(), list(sys.meta_path)
    with mock_inspector():
        assert all(now is not then for now, then in zip(methods(), before[0], strict=True))
    assert (methods(), sys.meta_path) == before
