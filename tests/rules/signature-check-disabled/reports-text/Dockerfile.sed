FROM fedora:44
RUN sed -i "s/gpgcheck=1/gpgcheck=0/" /etc/yum.repos.d/x.repo
