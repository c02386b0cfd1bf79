FROM registry.example.com/company/java:21
ENV JAVA_HOME=/opt/java PATH=$JAVA_HOME/bin:$PATH
