@echo off
rem UNTESTED: nobody has yet run this on Windows. It does what ./machinami does elsewhere.
rem Needs Python 3.11 or newer (the py launcher). Tell us what happens.
setlocal
chcp 65001 >nul
set PYTHONUTF8=1
set "ROOT=%~dp0"
set PYTHONHOME=
set PYTHONPATH=
py -3 -c "import sys; sys.exit(sys.version_info < (3, 11))" || (
    echo Python 3.11 以上が必要です。 / Python 3.11 or newer is needed.
    exit /b 69
)
for /f "delims=" %%H in ('py -3 -c "import hashlib,sys;print(hashlib.sha256(b''.join(open(sys.argv[1]+n,'rb').read() for n in ('pyproject.toml','hatch_build.py','requirements-build.lock','requirements-test.lock'))).hexdigest())" "%ROOT:\=/%"') do set "MARK=%%H"
set "HAVE="
if exist "%ROOT%.venv\.ready" set /p HAVE=<"%ROOT%.venv\.ready"
if not "%HAVE%"=="%MARK%" (
    py -3 "%ROOT%tools\set_up.py" --lock requirements.lock --stamp .ready --fingerprint %MARK% || exit /b 1
)
if /i not "%~1"=="test" (
    "%ROOT%.venv\Scripts\machinami.exe" %*
    exit /b
)
set "HAVE="
if exist "%ROOT%.venv\.ready-for-tests" set /p HAVE=<"%ROOT%.venv\.ready-for-tests"
if not "%HAVE%"=="%MARK%" (
    py -3 "%ROOT%tools\set_up.py" --lock requirements-test.lock --stamp .ready-for-tests --fingerprint %MARK% || exit /b 1
)
shift
"%ROOT%.venv\Scripts\python.exe" "%ROOT%tools\verify.py" %1 %2 %3 %4 %5 %6 %7 %8 %9
